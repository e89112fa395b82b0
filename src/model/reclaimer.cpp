#include "model/reclaimer.h"

#include <condition_variable>
#include <malloc.h>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace thalweg {

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
  void run() {
    for (;;) {
      std::vector<std::function<void()>> taken;
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return closed_ || !waiting_.empty(); });
        if (waiting_.empty()) return;
        taken.swap(waiting_);
      }
      for (const auto& free : taken) free();
      // A model is many pieces between other pieces: without this the memory stays with the process, and a hundred swaps grow it.
      ::malloc_trim(0);
    }
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::function<void()>> waiting_;  // guarded by mutex_
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

void Reclaimer::later(Queue& queue, std::function<void()> free) {
  if (!queue.push(free)) free();
}

}  // namespace thalweg
