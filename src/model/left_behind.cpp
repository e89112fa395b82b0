#include "model/left_behind.h"

#include <atomic>
#include <cstdio>
#include <unistd.h>

namespace thalweg {
namespace {

std::atomic<std::size_t> count{0};

}  // namespace

void leave_behind(std::thread& thread) {
  count.fetch_add(1);
  thread.detach();
}

std::size_t left_behind_so_far() noexcept {
  return count.load();
}

void end_if_any_left_behind(int exit_code) {
  if (left_behind_so_far() == 0) return;
  std::fflush(stdout);  // standard error has no buffer
  ::_exit(exit_code);
}

}  // namespace thalweg
