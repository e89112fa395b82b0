// A call that sleeps or computes for too long hangs; one that only gets no core does not.
#include "process/infer/call_watch.h"

#include <ctime>
#include <mutex>
#include <pthread.h>
#include <sched.h>
#include <thread>

#include <gtest/gtest.h>

namespace thalweg {
namespace {

using namespace std::chrono_literals;

class Watched {
 public:
  template <class Call>
  explicit Watched(Call call)
      : thread_([this, call] {
          watch.enter();
          watch.begin();
          began.store(true);
          call(over);
        }) {
    while (!began.load()) std::this_thread::yield();
  }
  ~Watched() {
    over.store(true);
    thread_.join();
  }
  std::chrono::nanoseconds cpu() {
    clockid_t clock{};
    ::pthread_getcpuclockid(thread_.native_handle(), &clock);
    timespec time{};
    ::clock_gettime(clock, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
  }
  CallWatch watch;
  std::atomic<bool> began{false}, over{false};

 private:
  std::thread thread_;
};

void spin(const std::atomic<bool>& over) {
  while (!over.load()) {
  }
}

TEST(CallWatch, A_call_that_sleeps_hangs) {
  std::mutex gate;
  std::unique_lock closed(gate);
  Watched call([&](const std::atomic<bool>&) { const std::lock_guard wait(gate); });
  EXPECT_FALSE(call.watch.hangs(1h));
  while (!call.watch.hangs(10ms)) std::this_thread::yield();
  closed.unlock();
}

TEST(CallWatch, A_call_that_computes_hangs_by_its_own_clock) {
  Watched call(spin);
  while (!call.watch.hangs(10ms)) std::this_thread::yield();
  EXPECT_GE(call.cpu(), 10ms);
}

TEST(CallWatch, A_call_that_waits_for_a_core_does_not_hang) {
  const auto on_core_0 = [] {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(0, &one);
    ::pthread_setaffinity_np(::pthread_self(), sizeof one, &one);
  };
  Watched busy([&](const std::atomic<bool>& over) {
    on_core_0();
    spin(over);
  });
  Watched call([&](const std::atomic<bool>& over) {
    on_core_0();
    const sched_param none{};
    (void)::pthread_setschedparam(::pthread_self(), SCHED_IDLE, &none);
    spin(over);
  });
  const auto end = std::chrono::steady_clock::now() + 300ms;
  while (std::chrono::steady_clock::now() < end) {
    const bool hangs = call.watch.hangs(50ms);
    ASSERT_FALSE(hangs && call.cpu() < 50ms);
    if (hangs) return;  // this machine gave it a core all the same
  }
}

}  // namespace
}  // namespace thalweg
