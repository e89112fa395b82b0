// The arena: bump allocation in chunks that outlive the batch's contents.
#include <algorithm>
#include <cstring>

#include "thalweg/batch.h"

namespace thalweg {
namespace {

constexpr std::size_t kReadableBehind = 64;
constexpr std::size_t kChunkMin = std::size_t{16} << 10;
// Chunks above this are given back at reset: one giant value must not be paid for by every later batch.
constexpr std::size_t kChunkKept = std::size_t{4} << 20;

std::size_t aligned(std::size_t bytes) noexcept {
  return (bytes + 7) & ~std::size_t{7};
}

}  // namespace

char* Arena::allocate(std::size_t bytes) {
  const std::size_t need = aligned(bytes);
  while (current_ < chunks_.size()) {
    if (chunks_[current_].size - used_ >= need) {
      char* p = chunks_[current_].memory.get() + used_;
      used_ += need;
      return p;
    }
    if (current_ + 1 == chunks_.size()) break;
    ++current_;
    used_ = 0;
  }
  const std::size_t last = chunks_.empty() ? 0 : chunks_.back().size;
  const std::size_t size = std::max({need, kChunkMin, std::min(2 * last, kChunkKept)});
  chunks_.push_back({std::make_unique_for_overwrite<char[]>(size + kReadableBehind), size});
  held_ += size + kReadableBehind;
  current_ = chunks_.size() - 1;
  used_ = need;
  return chunks_.back().memory.get();
}

std::string_view Arena::copy(std::string_view s) {
  char* p = allocate(s.size());
  if (!s.empty()) std::memcpy(p, s.data(), s.size());
  return {p, s.size()};
}

void Arena::shrink(char* p, std::size_t used) noexcept {
  const char* begin = chunks_[current_].memory.get();
  used_ = aligned(static_cast<std::size_t>(p - begin) + used);
}

void Arena::reset() noexcept {
  std::erase_if(chunks_, [this](const Chunk& chunk) {
    if (chunk.size <= kChunkKept) return false;
    held_ -= chunk.size + kReadableBehind;
    return true;
  });
  current_ = 0;
  used_ = 0;
}

}  // namespace thalweg
