#include "model/reclaimer.h"

#include <chrono>
#include <condition_variable>
#include <malloc.h>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace thalweg {
namespace {

constexpr std::chrono::seconds trim_after{10};  // since the first that was freed

}  // namespace

class Reclaimer::Queue {
 public:
  // False: closed, and `free` is as it was.
  bool push(std::function<void()>& free) {
    {
      const std::lock_guard lock(mutex_);
      if (closed_) return false;
      waiting_.push_back(std::move(free));
    }
    changed_.notify_one();
    return true;
  }
  void close() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    changed_.notify_one();
  }
  bool settled() const {
    const std::lock_guard lock(mutex_);
    return settled_ && waiting_.empty();
  }
  void run() {
    for (;;) {
      std::vector<std::function<void()>> taken;
      {
        std::unique_lock lock(mutex_);
        const auto woken = [this] { return closed_ || !waiting_.empty(); };
        if (!trim_at_) {
          changed_.wait(lock, woken);
        } else if (!changed_.wait_until(lock, *trim_at_, woken)) {
          lock.unlock();
          trim();
          continue;
        }
        if (waiting_.empty()) return;
        taken.swap(waiting_);
        settled_ = false;
      }
      for (const auto& free : taken) free();
      const auto now = std::chrono::steady_clock::now();
      if (!trim_at_) trim_at_ = now + trim_after;
      if (now >= *trim_at_) trim();
    }
  }

 private:
  // A model is many pieces between other pieces: without this the memory stays with the process. It holds the allocator's locks for
  // milliseconds, and workers wait for these: so not behind each swap.
  void trim() {
    trim_at_.reset();
    ::malloc_trim(0);
    const std::lock_guard lock(mutex_);
    settled_ = true;
  }

  std::optional<std::chrono::steady_clock::time_point> trim_at_;  // the thread's own
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::function<void()>> waiting_;  // guarded by mutex_
  bool settled_ = true;                         // guarded by mutex_
  bool closed_ = false;                         // guarded by mutex_
};

struct Reclaimer::Thread {
  std::thread thread;
};

std::shared_ptr<Reclaimer> Reclaimer::shared() {
  static std::mutex mutex;
  static std::weak_ptr<Reclaimer> living;
  const std::lock_guard lock(mutex);
  auto reclaimer = living.lock();
  if (reclaimer == nullptr) {
    reclaimer = std::make_shared<Reclaimer>();
    living = reclaimer;
  }
  return reclaimer;
}

Reclaimer::Reclaimer() : queue_(std::make_shared<Queue>()), thread_(std::make_unique<Thread>()) {
  thread_->thread = std::thread([queue = queue_] { queue->run(); });
}

Reclaimer::~Reclaimer() {
  queue_->close();
  thread_->thread.join();
}

bool Reclaimer::settled() const {
  return queue_->settled();
}

void Reclaimer::later(Queue& queue, std::function<void()> free) {
  if (!queue.push(free)) free();
}

}  // namespace thalweg
