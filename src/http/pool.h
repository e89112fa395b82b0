// A few threads and a short queue before them: handlers that may block.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace thalweg::http {

class Pool {
 public:
  // Threads start with the first job.
  Pool(std::size_t threads, std::size_t queue_max) : threads_max_(threads), queue_max_(queue_max) {}
  ~Pool() { stop(); }

  // False: all threads are busy and the queue is full, or it is stopped. Any thread.
  [[nodiscard]] bool run(std::function<void()> job);
  // Waits for the jobs that run; those that wait are dropped.
  void stop();

 private:
  void loop();

  const std::size_t threads_max_, queue_max_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> queue_;  // mutex_
  std::vector<std::thread> threads_;         // mutex_
  std::size_t free_ = 0;                     // threads that run nothing; mutex_
  bool stopped_ = false;                     // mutex_
};

}  // namespace thalweg::http
