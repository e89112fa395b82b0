#include "http/shared_answers.h"

#include <utility>

namespace thalweg::http {

void SharedAnswers::ask(const std::function<std::shared_ptr<const Response>()>& make,
                        Answered done) {
  const std::lock_guard lock(mutex_);
  if (stopped_) return;
  if (!thread_.joinable()) thread_ = std::thread([this] { loop(); });
  waiting_[&make].push_back(std::move(done));
  changed_.notify_one();
}

void SharedAnswers::loop() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopped_ || !waiting_.empty(); });
    if (stopped_) return;
    const auto all = std::exchange(waiting_, {});
    lock.unlock();
    for (const auto& [make, asked] : all) {
      const std::shared_ptr<const Response> page = (*make)();
      for (const Answered& done : asked) done(page);
    }
    lock.lock();
  }
}

void SharedAnswers::stop() {
  std::thread thread;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    thread.swap(thread_);
  }
  changed_.notify_all();
  if (thread.joinable()) thread.join();
  waiting_.clear();
}

}  // namespace thalweg::http
