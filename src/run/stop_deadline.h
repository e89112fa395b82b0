// The end of a stop that does not end: a call that hangs, a client that waits for a broker's answer. Whoever asked for the stop would kill
// the process; it rather ends by itself, with a word and an exit code.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace thalweg {

class StopDeadline {
 public:
  // `expired` is called once with the time of arm(), on a thread of its own, when it is over; not after the destructor has begun.
  explicit StopDeadline(std::function<void(std::chrono::milliseconds)> expired)
      : expired_(std::move(expired)) {}
  ~StopDeadline();
  StopDeadline(const StopDeadline&) = delete;
  StopDeadline& operator=(const StopDeadline&) = delete;

  // Any thread; the first call counts.
  void arm(std::chrono::milliseconds time);

 private:
  void wait(std::chrono::milliseconds time);

  const std::function<void(std::chrono::milliseconds)> expired_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool over_ = false;   // mutex_
  std::thread thread_;  // mutex_
};

}  // namespace thalweg
