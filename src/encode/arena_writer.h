// Text that grows in a batch's arena: written once, where it stays until the output is delivered. No allocation per row once the batch
// is warm.
//
// While one is being written nothing else may be allocated from that arena.
#pragma once

#include <cstring>
#include <string_view>

#include "thalweg/batch.h"

namespace thalweg::encode {

class ArenaWriter {
 public:
  // `expected`: about how many bytes it will be; more only costs a copy.
  ArenaWriter(Arena& arena, std::size_t expected)
      : arena_(&arena), begin_(arena.allocate(expected)) {
    place_ = begin_;
    end_ = begin_ + expected;
  }

  // Room for `bytes` more; write there, then call used().
  [[nodiscard]] char* room(std::size_t bytes) {
    if (static_cast<std::size_t>(end_ - place_) < bytes) grow(bytes);
    return place_;
  }
  void used(std::size_t bytes) noexcept { place_ += bytes; }
  void used_to(char* place) noexcept { place_ = place; }

  void put(char c) {
    *room(1) = c;
    ++place_;
  }
  void put(std::string_view text) {
    std::memcpy(room(text.size()), text.data(), text.size());
    place_ += text.size();
  }

  // Gives the unused rest back.
  [[nodiscard]] std::string_view finish() noexcept {
    const auto size = static_cast<std::size_t>(place_ - begin_);
    arena_->shrink(begin_, size);
    return {begin_, size};
  }
  // Gives all of it back.
  void abandon() noexcept { arena_->shrink(begin_, 0); }

 private:
  void grow(std::size_t bytes);

  Arena* arena_;
  char* begin_;
  char* place_;
  char* end_;
};

}  // namespace thalweg::encode
