// Frees versions whose last batch is done, on a thread of its own.
//
// To free a model takes milliseconds to seconds, and whoever lets go of it last is a worker in the middle of a stream. So the last
// reference only puts the version on this queue.
#pragma once

#include <functional>
#include <memory>

namespace thalweg {

class Reclaimer {
 public:
  class Queue;
  // The process's one; its thread lives as long as somebody holds it.
  static std::shared_ptr<Reclaimer> shared();
  Reclaimer();
  ~Reclaimer();  // frees what is queued. Never on its own thread
  Reclaimer(const Reclaimer&) = delete;
  Reclaimer& operator=(const Reclaimer&) = delete;

  // May be kept longer than the reclaimer: then what comes late is freed at once, by whoever brings it.
  [[nodiscard]] const std::shared_ptr<Queue>& queue() const noexcept { return queue_; }
  // All that was let go so far is freed, and its memory is given back. For who measures memory.
  [[nodiscard]] bool settled() const;
  // Any thread; does not wait.
  static void later(Queue& queue, std::function<void()> free);

 private:
  struct Thread;
  std::shared_ptr<Queue> queue_;
  std::unique_ptr<Thread> thread_;
};

}  // namespace thalweg
