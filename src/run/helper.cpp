#include "run/helper.h"

#include <pthread.h>
#include <utility>

namespace thalweg {

HelperThread::~HelperThread() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void HelperThread::run(std::function<void()> job) {
  if (!thread_.joinable()) {
    thread_ = std::thread([this] { loop(); });
    ::pthread_setname_np(thread_.native_handle(), "commit");
  }
  {
    const std::lock_guard lock(mutex_);
    job_ = std::move(job);
    busy_ = true;
  }
  changed_.notify_all();
}

void HelperThread::join() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return !busy_; });
}

void HelperThread::loop() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return ending_ || job_ != nullptr; });
    if (job_ == nullptr) return;
    const auto job = std::exchange(job_, nullptr);
    lock.unlock();
    job();
    lock.lock();
    busy_ = job_ != nullptr;  // the next one may have come while this one told that it had ended
    changed_.notify_all();
  }
}

}  // namespace thalweg
