// From words, or whole numbers that stand for categories, to ids, as Keras' StringLookup and IntegerLookup number them:
//
//   the mask token (if there is one), then the out-of-vocabulary ids, then the words
//
// With several out-of-vocabulary ids a hash chooses among them. A vocabulary that brings its own numbers (a JSON map) keeps them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "feature/support/settings.h"
#include "feature/support/vocabulary_file.h"

namespace thalweg::feature {

struct LookupOptions {
  std::int64_t oov_indices = 1;
  std::optional<std::string> mask_token;
  std::string oov_token = "[UNK]";
  std::optional<std::int64_t> oov_index;  // for a vocabulary with its own numbers
};

class IndexLookup {
 public:
  // `input`: string, or a whole number's dtype. Errors: a word that is no whole number, a reserved word.
  static Result<IndexLookup> make(Vocabulary vocabulary, const LookupOptions& options, DType input);

  // Nullopt: unknown, and there is no id for that.
  [[nodiscard]] std::optional<std::int64_t> of(std::string_view word) const noexcept;
  [[nodiscard]] std::optional<std::int64_t> of(std::int64_t number) const noexcept;
  // One above the greatest id: the width of a one-hot row.
  [[nodiscard]] std::int64_t size() const noexcept { return size_; }

 private:
  WordTable table_;  // of whole numbers: the eight bytes of each
  std::int64_t oov_first_ = 0;
  std::int64_t oov_count_ = 1;
  std::int64_t size_ = 0;
};

}  // namespace thalweg::feature
