// Numbers the words of a vocabulary as Keras does.
#include "feature/categories/index_lookup.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "feature/categories/farmhash.h"

namespace thalweg::feature {
namespace {

using Words = std::vector<std::pair<std::string, std::int64_t>>;

// A vocabulary saved from a layer begins with the layer's own tokens: Keras takes them off again.
void drop_own_tokens(Words& words, const LookupOptions& options) {
  std::vector<std::string> own;
  if (options.mask_token) own.push_back(*options.mask_token);
  own.insert(own.end(), static_cast<std::size_t>(options.oov_indices), options.oov_token);
  const bool found =
      words.size() >= own.size() &&
      std::equal(own.begin(), own.end(), words.begin(),
                 [](const auto& token, const auto& entry) { return token == entry.first; });
  if (found) words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(own.size()));
}

Status refuse_reserved(const Words& words, const LookupOptions& options) {
  for (const auto& [word, value] : words) {
    if (word == options.mask_token)
      return bad_settings(fmt::format("expected a vocabulary without the mask token '{}'", word));
    if (options.oov_indices > 0 && word == options.oov_token) {
      return bad_settings(
          fmt::format("expected a vocabulary without '{}', which stands for unknown words; got it "
                      "among the words; "
                      "take it out, or name another `oov_token`",
                      word));
    }
  }
  return {};
}

std::string_view bytes_of(const std::int64_t& number) {
  return {reinterpret_cast<const char*>(&number), sizeof number};
}

// Turns texts like "42" into the eight bytes that `of(number)` looks up.
Status to_number_keys(Words& words) {
  for (auto& [word, value] : words) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (error != std::errc{} || end != word.data() + word.size()) {
      return bad_settings(fmt::format(
          "expected whole numbers in the vocabulary, since the input is whole numbers; got '{}'",
          word));
    }
    word = std::string(bytes_of(number));
  }
  return {};
}

}  // namespace

Result<IndexLookup> IndexLookup::make(Vocabulary vocabulary, const LookupOptions& options,
                                      DType input) {
  Words& words = vocabulary.words;
  const bool listed = !vocabulary.numbered;
  std::int64_t first = 0;
  IndexLookup lookup;
  if (listed) {
    drop_own_tokens(words, options);
    if (auto status = refuse_reserved(words, options); !status) return std::move(status).error();
    for (std::size_t i = 0; i < words.size(); ++i) words[i].second = static_cast<std::int64_t>(i);
    lookup.oov_first_ = options.mask_token ? 1 : 0;
    lookup.oov_count_ = options.oov_indices;
    first = lookup.oov_first_ + lookup.oov_count_;
    if (options.mask_token) words.emplace_back(*options.mask_token, -first);
  } else {
    lookup.oov_first_ = options.oov_index.value_or(0);
    lookup.oov_count_ = options.oov_index ? 1 : 0;
  }
  lookup.size_ = lookup.oov_first_ + lookup.oov_count_;
  for (const auto& [word, value] : words) {
    if (value + first < 0)
      return bad_settings(
          fmt::format("expected numbers from 0 in the vocabulary; got {} for '{}'", value, word));
    lookup.size_ = std::max(lookup.size_, value + first + 1);
  }
  if (input != DType::string) {
    if (auto status = to_number_keys(words); !status) return std::move(status).error();
  }
  lookup.table_ = vocabulary.table(first);
  return lookup;
}

std::optional<std::int64_t> IndexLookup::of(std::string_view word) const noexcept {
  if (const WordTable::Entry* entry = table_.find(word)) return entry->value;
  if (oov_count_ == 0) return std::nullopt;
  if (oov_count_ == 1) return oov_first_;
  return oov_first_ + static_cast<std::int64_t>(farm_fingerprint64(word) %
                                                static_cast<std::uint64_t>(oov_count_));
}

std::optional<std::int64_t> IndexLookup::of(std::int64_t number) const noexcept {
  if (const WordTable::Entry* entry = table_.find(bytes_of(number))) return entry->value;
  if (oov_count_ == 0) return std::nullopt;
  const std::int64_t rest = number % oov_count_;  // floored, as Keras does
  return oov_first_ + (rest < 0 ? rest + oov_count_ : rest);
}

}  // namespace thalweg::feature
