// Does a call on another thread hang, or does its thread only get no core?
//
// Time on the wall says nothing of a thread that has only what nobody else wants. So a call hangs when its thread has computed for so long by its own CPU clock, or
// when it has slept for so long: asleep at two looks and no CPU time used between them. A thread that waits for a core is never asleep.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <sys/types.h>

namespace thalweg {

class CallWatch {
 public:
  // The thread that calls: once, and before each call.
  void enter() noexcept;
  void begin() noexcept;
  // Another thread, always the same one, while that thread exists and its call has not returned.
  [[nodiscard]] bool hangs(std::chrono::nanoseconds after) noexcept;

 private:
  std::atomic<pid_t> thread_{0};
  std::atomic<clockid_t> clock_{0};
  std::atomic<std::int64_t> began_{0}, began_cpu_{0};
  // Of who looks.
  std::int64_t call_ = 0;           // when it began
  std::int64_t asleep_since_ = -1;  // -1: it was not asleep
  std::int64_t asleep_cpu_ = 0;
};

}  // namespace thalweg
