#include "run/stop_deadline.h"

namespace thalweg {

StopDeadline::~StopDeadline() {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void StopDeadline::arm(std::chrono::milliseconds time) {
  const std::lock_guard lock(mutex_);
  if (over_ || thread_.joinable()) return;
  thread_ = std::thread([this, time] { wait(time); });
}

void StopDeadline::wait(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  if (changed_.wait_for(lock, time, [this] { return over_; })) return;
  lock.unlock();
  expired_(time);
}

}  // namespace thalweg
