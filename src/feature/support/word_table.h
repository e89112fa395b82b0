// A read-only table from words to numbers: vocabularies, stop words, WordNet.
//
// Built once at bind, then only read, from any thread, by string_view and without an allocation. Open addressing at half
// load; the words lie in one block.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace thalweg::feature {

class WordTable {
 public:
  struct Entry {
    std::string_view word;  // lives as long as the table
    std::int64_t value = 0;
  };

  WordTable() : slots_(2) {}
  // Copies the words. A word that comes twice keeps its first value.
  explicit WordTable(const std::vector<std::pair<std::string_view, std::int64_t>>& entries);
  // Views point into the block, so a table can be moved but not copied.
  WordTable(WordTable&&) noexcept = default;
  WordTable& operator=(WordTable&&) noexcept = default;

  // Null if the word is not there.
  [[nodiscard]] const Entry* find(std::string_view word) const noexcept;
  [[nodiscard]] bool contains(std::string_view word) const noexcept {
    return find(word) != nullptr;
  }
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  // Longer words cannot be there.
  [[nodiscard]] std::size_t longest() const noexcept { return longest_; }

 private:
  struct Slot {
    std::uint32_t tag = 0;    // upper half of the hash: spares most comparisons
    std::uint32_t entry = 0;  // index + 1; 0 is empty
  };
  std::vector<char> block_;
  std::vector<Entry> entries_;
  std::vector<Slot> slots_;  // a power of two of them
  std::size_t longest_ = 0;
};

}  // namespace thalweg::feature
