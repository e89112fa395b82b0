// What became of the words that came last: a table of fixed size in front of a step that is dear to ask.
//
// Words of a language are few and come again and again (a few thousand are nine tenths of all texts), so most are found here. The
// table forgets: a word takes the place of the older of two. It never changes an answer, since a word is compared whole; and where
// words never repeat it costs a few nanoseconds a word. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

namespace thalweg::feature {

// Answer: trivially copied; 16 bytes make an entry as large as a line of the cache.
template <class Answer>
class WordMemory {
 public:
  static constexpr std::size_t longest = 40;  // bytes of a word; longer ones are not remembered

  // The word as whole blocks, zeros behind it, and where it belongs.
  struct Key {
    std::array<std::uint64_t, longest / 8> blocks;
    std::uint32_t size;
    std::uint32_t set;
  };

  WordMemory() : sets_(std::size_t{1} << set_bits) {}

  // REQUIRES 0 < word.size() <= longest
  [[nodiscard]] static Key key(std::string_view word) noexcept {
    constexpr std::uint64_t factor = 0x9E3779B97F4A7C15U;  // 2^64 over the golden ratio
    Key key;
    key.size = static_cast<std::uint32_t>(word.size());
    std::uint64_t hash = word.size();
    std::size_t at = 0, block = 0;
    for (; at + 8 <= word.size(); at += 8, ++block) {
      std::memcpy(&key.blocks[block], word.data() + at, 8);
      hash = mixed((hash ^ key.blocks[block]) * factor);
    }
    if (at < word.size()) {
      key.blocks[block] = rest(word, at);
      hash = mixed((hash ^ key.blocks[block]) * factor);
    }
    key.set = static_cast<std::uint32_t>((hash * factor) >> (64 - set_bits));
    return key;
  }

  // Null: not remembered.
  [[nodiscard]] const Answer* find(const Key& key) noexcept {
    Set& set = sets_[key.set];
    if (same(set.newer, key)) return &set.newer.answer;
    if (!same(set.older, key)) return nullptr;
    std::swap(set.newer, set.older);
    return &set.newer.answer;
  }

  const Answer& keep(const Key& key, const Answer& answer) noexcept {
    Set& set = sets_[key.set];
    set.older = set.newer;
    set.newer.size = key.size;
    std::memcpy(set.newer.blocks.data(), key.blocks.data(), blocks_of(key.size) * 8);
    set.newer.answer = answer;
    return set.newer.answer;
  }

 private:
  static constexpr unsigned set_bits = 12;  // 4,096 sets of two, half a megabyte

  struct Entry {
    std::array<std::uint64_t, longest / 8> blocks{};
    std::uint32_t size = 0;  // 0: none
    Answer answer{};
  };
  struct Set {
    Entry newer, older;
  };

  static std::size_t blocks_of(std::size_t size) noexcept { return (size + 7) / 8; }
  static std::uint64_t mixed(std::uint64_t hash) noexcept { return hash ^ (hash >> 29); }

  // The last, short block. Reads nothing outside the word.
  static std::uint64_t rest(std::string_view word, std::size_t at) noexcept {
    const std::size_t left = word.size() - at;
    const char* const p = word.data();
    if (at > 0) {  // the last eight bytes, without those that were taken already
      std::uint64_t value;
      std::memcpy(&value, p + word.size() - 8, 8);
      return value >> (8 * (8 - left));
    }
    if (left >= 4) {  // two halves, which may overlap
      std::uint32_t first, last;
      std::memcpy(&first, p, 4);
      std::memcpy(&last, p + left - 4, 4);
      return first | std::uint64_t{last} << (8 * (left - 4));
    }
    const auto byte = [p](std::size_t i) {
      return std::uint64_t{static_cast<unsigned char>(p[i])} << (8 * i);
    };
    return byte(0) | byte(left / 2) | byte(left - 1);
  }

  static bool same(const Entry& entry, const Key& key) noexcept {
    if (entry.size != key.size) return false;
    for (std::size_t i = 0; i < blocks_of(key.size); ++i) {
      if (entry.blocks[i] != key.blocks[i]) return false;
    }
    return true;
  }

  std::vector<Set> sets_;
};

}  // namespace thalweg::feature
