// The thread for calls that block.
#include "run/helper.h"

#include <atomic>
#include <future>

#include <gtest/gtest.h>

namespace thalweg {
namespace {

// A job says itself that it has ended, and the next one may come before its thread knows.
TEST(HelperThread, A_job_that_comes_while_the_last_one_still_returns_is_waited_for) {
  HelperThread helper;
  std::promise<void> said, returns;
  helper.run([&] {
    said.set_value();
    returns.get_future().wait();
  });
  said.get_future().wait();
  std::atomic<bool> done{false};
  helper.run([&] {
    for (int i = 0; i < 10'000; ++i) std::this_thread::yield();
    done = true;
  });
  returns.set_value();
  helper.join();
  EXPECT_TRUE(done);
}

}  // namespace
}  // namespace thalweg
