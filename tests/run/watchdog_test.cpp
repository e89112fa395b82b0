// What is reported, when, and when a worker does not count as alive. A manual clock; nothing hangs.
#include "run/watchdog.h"

#include <gtest/gtest.h>

#include "thalweg/testing.h"

namespace thalweg {
namespace {

using namespace std::chrono_literals;

class WatchdogTest : public testing::Test {
 protected:
  void call_begins() { metrics.call_began_ns = clock.monotonic().count(); }
  void call_ends() { metrics.call_began_ns = 0; }
  void comes_round() { metrics.came_round_ns = clock.monotonic().count(); }
  [[nodiscard]] std::string why() const {
    return watchdog.not_alive(metrics, limits, clock.monotonic());
  }
  [[nodiscard]] bool look() { return watchdog.look("p", metrics, limits, clock.monotonic()); }
  // Looking each second, as the process does: is it to end before so much time is over?
  [[nodiscard]] bool ends_within(std::chrono::seconds time) {
    for (; time > 0s; time -= 1s) {
      clock.advance(1s);
      if (look()) return true;
    }
    return false;
  }

  const WatchdogLimits limits{30s, 600s};
  ManualClock clock;
  WorkerMetrics metrics;
  Log log{LogLevel::error, LogFormat::json};
  Watchdog watchdog{log};
};

TEST_F(WatchdogTest, A_worker_that_has_not_begun_is_alive) {
  EXPECT_EQ(why(), "");
}

TEST_F(WatchdogTest, A_call_that_runs_past_report_after_is_not_alive_until_it_returns) {
  call_begins();
  clock.advance(29s);
  comes_round();
  EXPECT_EQ(why(), "");
  clock.advance(1s);
  EXPECT_EQ(why(), "a step has been running for 30 s");
  call_ends();
  EXPECT_EQ(why(), "");
}

TEST_F(WatchdogTest, A_worker_that_does_not_come_round_is_not_alive) {
  comes_round();
  clock.advance(59s);
  EXPECT_EQ(why(), "") << "a rebalance may take it so long";
  clock.advance(1s);
  EXPECT_EQ(why(), "a worker has not come round for 60 s");
  comes_round();
  EXPECT_EQ(why(), "");
}

TEST_F(WatchdogTest, The_process_is_to_end_only_when_a_call_runs_past_exit_after) {
  EXPECT_FALSE(look());
  call_begins();
  EXPECT_FALSE(ends_within(599s));
  EXPECT_TRUE(ends_within(1s));
}

TEST_F(WatchdogTest, A_process_that_was_stopped_in_a_call_is_not_ended_for_it_when_it_wakes_up) {
  EXPECT_FALSE(look());
  call_begins();
  EXPECT_FALSE(ends_within(100s));
  clock.advance(700s);
  EXPECT_FALSE(look());
  EXPECT_FALSE(ends_within(499s)) << "the call has had 100 s of its 600";
  EXPECT_TRUE(ends_within(1s));
}

TEST_F(WatchdogTest, Time_stopped_in_one_call_is_not_given_to_the_next) {
  EXPECT_FALSE(look());
  call_begins();
  clock.advance(700s);
  EXPECT_FALSE(look());
  call_ends();
  EXPECT_FALSE(ends_within(3s));
  call_begins();
  EXPECT_FALSE(ends_within(599s));
  EXPECT_TRUE(ends_within(1s));
}

TEST_F(WatchdogTest, A_process_that_was_stopped_is_alive_when_it_wakes_up) {
  EXPECT_FALSE(look());
  call_begins();
  comes_round();
  clock.advance(1s);
  EXPECT_FALSE(look());
  clock.advance(700s);
  EXPECT_EQ(why(), "") << "whoever asks first";
  EXPECT_FALSE(look());
  EXPECT_EQ(why(), "");
  EXPECT_FALSE(ends_within(28s));
  EXPECT_EQ(why(), "");
  EXPECT_FALSE(ends_within(1s));
  EXPECT_EQ(why(), "a step has been running for 30 s") << "of its own time";
  call_ends();
  EXPECT_FALSE(ends_within(29s));
  EXPECT_EQ(why(), "");
  EXPECT_FALSE(ends_within(1s));
  EXPECT_EQ(why(), "a worker has not come round for 60 s");
}

}  // namespace
}  // namespace thalweg
