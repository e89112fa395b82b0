// What a worker sleeps on: one eventfd that everything wakes, and, only while it is blocked on deliveries, the sink's.
//
// The sink's descriptor is left out of the normal wait on purpose: acknowledgements are then collected when the worker comes
// round anyway, and a quiet stream costs one wake-up per event instead of two.
#pragma once

#include <chrono>

#include "thalweg/ports.h"

namespace thalweg {

class EventLoop final : public Waker {
 public:
  EventLoop();
  ~EventLoop() override;
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  void wake() noexcept override;
  [[nodiscard]] int fd() const noexcept override { return eventfd_; }

  // Sleeps until woken, until `also` (a descriptor; -1: none) becomes readable, or until the time is over. Forgets the wakes
  // that came before it returns, so the caller must look at everything that can wake it.
  void wait(std::chrono::nanoseconds at_most, int also = -1);

 private:
  int eventfd_;
};

}  // namespace thalweg
