// Morphy: WordNet's way from an inflected word to its lemma.
//
// First the list of exceptions ("ran" → "run"), then rules for endings ("-ing" → "-e"), until something WordNet knows
// is left; of several the shortest. A word it does not know stays as it is. This is NLTK 3.7's WordNetLemmatizer.
//
// Const once loaded, any thread; a look-up allocates nothing.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "feature/support/settings.h"
#include "feature/support/word_table.h"

namespace thalweg::feature {

enum class PartOfSpeech : std::uint8_t { noun, verb, adjective, adverb };

class Morphy {
 public:
  // Reads index.* and *.exc of one part of speech. Errors: config_invalid, with how to get them.
  static Result<Morphy> load(PartOfSpeech part, const std::string& folder,
                             const FeatureContext& context);
  // The same from the files' bytes.
  static Morphy from_bytes(PartOfSpeech part, std::string_view index, std::string_view exceptions);

  // Lives as long as this object and `word`.
  [[nodiscard]] std::string_view lemma(std::string_view word) const noexcept;

 private:
  struct Rule {
    std::string_view ending, instead;
  };
  static std::vector<Rule> rules_of(PartOfSpeech part);
  [[nodiscard]] std::string_view by_rules(std::string_view word) const noexcept;
  // The dictionary's copy of stem + ending; empty if it has none.
  [[nodiscard]] std::string_view known(std::string_view stem,
                                       std::string_view ending) const noexcept;

  WordTable words_;                                 // the lemmas
  WordTable exceptions_;                            // value: index into exception_lemmas_
  std::vector<std::string_view> exception_lemmas_;  // empty: the word itself
  std::vector<Rule> rules_;
};

}  // namespace thalweg::feature
