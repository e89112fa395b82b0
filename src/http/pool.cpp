#include "http/pool.h"

namespace thalweg::http {

bool Pool::run(std::function<void()> job) {
  const std::lock_guard lock(mutex_);
  if (stopped_) return false;
  if (queue_.size() >= free_) {  // nobody is there for one more
    if (threads_.size() < threads_max_) {
      threads_.emplace_back([this] { loop(); });
      ++free_;
    } else if (queue_.size() >= free_ + queue_max_) {
      return false;
    }
  }
  queue_.push_back(std::move(job));
  changed_.notify_one();
  return true;
}

void Pool::loop() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopped_ || !queue_.empty(); });
    if (stopped_) return;
    std::function<void()> job = std::move(queue_.front());
    queue_.pop_front();
    --free_;
    lock.unlock();
    job();
    job = nullptr;  // what it holds is let go without the lock
    lock.lock();
    ++free_;
  }
}

void Pool::stop() {
  std::vector<std::thread> threads;
  std::deque<std::function<void()>> dropped;  // what they hold is let go without the lock
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    threads.swap(threads_);
    dropped.swap(queue_);
  }
  changed_.notify_all();
  for (std::thread& thread : threads) thread.join();
}

}  // namespace thalweg::http
