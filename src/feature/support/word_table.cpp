// WordTable: linear probing over a power of two of slots.
#include "feature/support/word_table.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "feature/categories/farmhash.h"

namespace thalweg::feature {

WordTable::WordTable(const std::vector<std::pair<std::string_view, std::int64_t>>& entries)
    : slots_(std::bit_ceil(std::max<std::size_t>(2, entries.size() * 2))) {
  std::size_t bytes = 0;
  for (const auto& [word, value] : entries) bytes += word.size();
  block_.resize(bytes);  // once: views into it must stay
  entries_.reserve(entries.size());
  char* place = block_.data();
  const std::size_t mask = slots_.size() - 1;
  for (const auto& [word, value] : entries) {
    if (contains(word)) continue;
    if (!word.empty()) std::memcpy(place, word.data(), word.size());
    entries_.push_back({{place, word.size()}, value});
    place += word.size();
    longest_ = std::max(longest_, word.size());
    const std::uint64_t hash = farm_fingerprint64(word);
    std::size_t slot = hash & mask;
    while (slots_[slot].entry != 0) slot = (slot + 1) & mask;
    slots_[slot] = {static_cast<std::uint32_t>(hash >> 32),
                    static_cast<std::uint32_t>(entries_.size())};
  }
}

const WordTable::Entry* WordTable::find(std::string_view word) const noexcept {
  const std::uint64_t hash = farm_fingerprint64(word);
  const auto tag = static_cast<std::uint32_t>(hash >> 32);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t slot = hash & mask; slots_[slot].entry != 0; slot = (slot + 1) & mask) {
    const Entry& entry = entries_[slots_[slot].entry - 1];
    if (slots_[slot].tag == tag && entry.word == word) return &entry;
  }
  return nullptr;
}

}  // namespace thalweg::feature
