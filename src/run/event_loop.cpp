#include "run/event_loop.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace thalweg {

EventLoop::EventLoop() : eventfd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (eventfd_ < 0)
    std::abort();  // out of descriptors before the first record: nothing sensible can follow
}

EventLoop::~EventLoop() {
  ::close(eventfd_);
}

void EventLoop::wake() noexcept {
  const std::uint64_t one = 1;
  // Fails only when the counter is full, and then the loop is awake already.
  [[maybe_unused]] const auto written = ::write(eventfd_, &one, sizeof one);
}

void EventLoop::wait(std::chrono::nanoseconds at_most, int also) {
  pollfd fds[2] = {{eventfd_, POLLIN, 0}, {also, POLLIN, 0}};
  const auto ns = std::max<std::int64_t>(at_most.count(), 0);
  const timespec timeout{static_cast<time_t>(ns / 1'000'000'000),
                         static_cast<long>(ns % 1'000'000'000)};
  ::ppoll(fds, also >= 0 ? 2 : 1, &timeout, nullptr);
  std::uint64_t wakes = 0;
  [[maybe_unused]] const auto got = ::read(eventfd_, &wakes, sizeof wakes);
}

}  // namespace thalweg
