// Lists of words from files: vocabularies and stop words.
//
//   words.txt     one word a line
//   words.json    ["a", "b"]                          a list
//                 {"a": 1, "b": 2}                    a map from word to number
//                 {"word_index": {"a": 1}, …}         the same, as it is often saved
//                 {"class_name": "Tokenizer", "config": {…}}   Tokenizer.to_json() of Keras
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "feature/support/settings.h"
#include "feature/support/word_table.h"

namespace thalweg::feature {

struct Vocabulary {
  // In the file's order; for a list the number is the place, from 0.
  std::vector<std::pair<std::string, std::int64_t>> words;
  bool numbered = false;  // the file was a map

  // A table of the words, with `first` added to their numbers.
  [[nodiscard]] WordTable table(std::int64_t first = 0) const;
};

[[nodiscard]] Result<Vocabulary> parse_vocabulary_text(std::string_view bytes);
[[nodiscard]] Result<Vocabulary> parse_vocabulary_json(const std::string& bytes);

enum class Repeats : std::uint8_t { refused, allowed };

// The words of a step that declares `file` (type path) and `words` (type strings): exactly one must be given.
[[nodiscard]] Result<Vocabulary> vocabulary_of(const Values& settings, std::string_view file,
                                               const FeatureContext& context,
                                               Repeats repeats = Repeats::refused);

}  // namespace thalweg::feature
