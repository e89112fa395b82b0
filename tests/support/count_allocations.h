// Counts allocations: replaces operator new for the whole executable.
//
// Include it in ONE file of an executable of its own (tests/<room>/<name>_alone_test.cpp):
//
//   const AllocationCount count;
//   work();
//   EXPECT_EQ(count.so_far(), 0u);
//
// Counts the calling thread only, so that a logger's or a client's threads do not disturb.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <new>

namespace thalweg::support {

inline thread_local std::size_t allocations_of_thread = 0;

class AllocationCount {
 public:
  [[nodiscard]] std::size_t so_far() const noexcept { return allocations_of_thread - start_; }

 private:
  std::size_t start_ = allocations_of_thread;
};

inline void* counted(std::size_t bytes, std::size_t alignment) {
  ++allocations_of_thread;
  const std::size_t rounded = (bytes + alignment - 1) / alignment * alignment;
  void* p = alignment <= alignof(std::max_align_t) ? std::malloc(bytes == 0 ? 1 : bytes)
                                                   : std::aligned_alloc(alignment, rounded);
  if (p == nullptr) std::abort();
  return p;
}

}  // namespace thalweg::support

// Not inline, as the standard demands of a replacement: hence one file only.
void* operator new(std::size_t bytes) {
  return thalweg::support::counted(bytes, 1);
}
void* operator new[](std::size_t bytes) {
  return thalweg::support::counted(bytes, 1);
}
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return thalweg::support::counted(bytes, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t bytes, std::align_val_t alignment) {
  return thalweg::support::counted(bytes, static_cast<std::size_t>(alignment));
}
// The rest of the family: what is left to the library would come from another allocator than the one that frees it.
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  return thalweg::support::counted(bytes, 1);
}
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept {
  return thalweg::support::counted(bytes, 1);
}
void operator delete(void* p) noexcept {
  std::free(p);
}
void operator delete[](void* p) noexcept {
  std::free(p);
}
void operator delete(void* p, std::size_t) noexcept {
  std::free(p);
}
void operator delete[](void* p, std::size_t) noexcept {
  std::free(p);
}
void operator delete(void* p, std::align_val_t) noexcept {
  std::free(p);
}
void operator delete[](void* p, std::align_val_t) noexcept {
  std::free(p);
}
void operator delete(void* p, std::size_t, std::align_val_t) noexcept {
  std::free(p);
}
void operator delete[](void* p, std::size_t, std::align_val_t) noexcept {
  std::free(p);
}
