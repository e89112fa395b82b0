#include "run/stop_deadline.h"

#include <future>

#include <gtest/gtest.h>

namespace thalweg {
namespace {

using namespace std::chrono_literals;

TEST(StopDeadline, Says_once_that_the_time_is_over) {
  std::promise<void> over;  // a second call would throw
  StopDeadline deadline([&](auto) { over.set_value(); });
  deadline.arm(1ms);
  deadline.arm(1ms);
  over.get_future().get();
}

TEST(StopDeadline, Says_nothing_to_a_stop_that_ended) {
  bool said = false;
  {
    StopDeadline deadline([&](auto) { said = true; });
    deadline.arm(1h);
  }
  EXPECT_FALSE(said);
  {
    const StopDeadline never_armed([&](auto) { said = true; });
  }
  EXPECT_FALSE(said);
}

}  // namespace
}  // namespace thalweg
