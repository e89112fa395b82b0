// See arena_writer.h.
#include "encode/arena_writer.h"

#include <algorithm>

namespace thalweg::encode {

void ArenaWriter::grow(std::size_t bytes) {
  const auto size = static_cast<std::size_t>(place_ - begin_);
  const std::size_t wanted = std::max(2 * static_cast<std::size_t>(end_ - begin_), size + bytes);
  char* const old = begin_;
  // The old place is given back first: often the arena then hands out the same one, longer.
  arena_->shrink(old, 0);
  begin_ = arena_->allocate(wanted);
  if (begin_ != old) std::memcpy(begin_, old, size);
  place_ = begin_ + size;
  end_ = begin_ + wanted;
}

}  // namespace thalweg::encode
