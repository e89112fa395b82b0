// Time since the run began, and waiting for a condition.
#pragma once

#include <chrono>
#include <thread>

namespace thalweg::chaos {

using Millis = std::chrono::milliseconds;
using TimePoint = std::chrono::steady_clock::time_point;

inline TimePoint now() {
  return std::chrono::steady_clock::now();
}
inline double seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

// True as soon as `done()` is, false when the time is over.
template <class Done>
[[nodiscard]] bool eventually(const Done& done, Millis within) {
  for (const TimePoint until = now() + within; !done();) {
    if (now() >= until) return false;
    std::this_thread::sleep_for(Millis(20));
  }
  return true;
}

}  // namespace thalweg::chaos
