// Threads that cannot be ended, and the end of the process that left one behind.
#include "model/left_behind.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/errand.h"

namespace thalweg {
namespace {

using namespace std::chrono_literals;

// Destroyed as TensorFlow's statics are, when main() has returned.
struct Static {
  ~Static() { std::fputs("destroyed", stderr); }
};

void hang() {
  for (;;) std::this_thread::sleep_for(1h);
}

void end(bool hangs) {
  static const Static witness;
  std::setvbuf(stdout, nullptr, _IOFBF, 1000);
  if (hangs) {
    std::thread thread(hang);
    leave_behind(thread);
  }
  std::fputs("said", stdout);
  ::dup2(2, 1);  // the death test reads standard error
  end_if_any_left_behind(7);
  std::exit(8);
}

TEST(LeftBehindDeathTest, A_process_that_left_one_behind_ends_at_once_with_all_it_said) {
  EXPECT_EXIT(end(true), ::testing::ExitedWithCode(7), "^said$");
}

TEST(LeftBehindDeathTest, Any_other_ends_as_ever) {
  EXPECT_EXIT(end(false), ::testing::ExitedWithCode(8), "destroyed");
}

TEST(Errand, What_came_of_it_is_taken_when_it_has_ended) {
  std::mutex mutex;
  std::condition_variable changed;
  bool told = false;
  Errand<int> errand([]() -> Result<int> { return 7; },
                     [&] {
                       const std::lock_guard lock(mutex);
                       told = true;
                       changed.notify_all();
                     });
  std::unique_lock lock(mutex);
  ASSERT_TRUE(changed.wait_for(lock, 20s, [&] { return told; }));
  EXPECT_TRUE(errand.ended());
  EXPECT_EQ(errand.take().value(), 7);
}

TEST(Errand, One_that_hangs_is_left_behind_by_its_owner) {
  const std::size_t before = left_behind_so_far();
  {
    const Errand<int> errand(
        []() -> Result<int> {
          hang();
          return 0;
        },
        [] {});
    EXPECT_FALSE(errand.ended_within(1ms));
  }
  EXPECT_EQ(left_behind_so_far(), before + 1);
}

}  // namespace
}  // namespace thalweg
