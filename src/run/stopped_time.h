// For how long the whole process was stopped (SIGSTOP, a frozen container), so that nobody is blamed for that time.
//
// Who looks once a second notices that he has not. Written by one thread, asked by any.
#pragma once

#include <chrono>
#include <deque>
#include <mutex>

namespace thalweg {

class StoppedTime {
 public:
  using Time = std::chrono::nanoseconds;  // monotonic

  // Now and then, and at least once in `looks_within`.
  void look(Time now);
  // Since then, up to now; also when nobody has looked since the process woke up.
  [[nodiscard]] Time since(Time begin, Time now) const;

  static constexpr Time looks_within = std::chrono::seconds(5);

 private:
  struct Stop {
    Time from, to;
  };
  mutable std::mutex mutex_;
  Time looked_at_{0};  // 0: not yet
  std::deque<Stop> stops_;
};

}  // namespace thalweg
