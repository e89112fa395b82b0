#include "http/pool.h"

#include <atomic>
#include <latch>
#include <thread>

#include <gtest/gtest.h>

namespace thalweg::http {
namespace {

TEST(HttpPool, Takes_as_many_jobs_as_it_has_threads_and_places_and_no_more) {
  Pool pool(2, 3);
  std::latch go(1);
  std::atomic<int> done{0};
  int taken = 0;
  while (pool.run([&] {
    go.wait();
    ++done;
  }))
    ++taken;
  EXPECT_EQ(taken, 5);
  go.count_down();
  while (done < 5) std::this_thread::yield();
}

TEST(HttpPool, A_stop_waits_for_what_runs_and_nothing_is_taken_any_more) {
  std::atomic<bool> done{false};
  Pool pool(1, 1);
  std::latch begun(1);
  std::latch go(1);
  EXPECT_TRUE(pool.run([&] {
    begun.count_down();
    go.wait();
    done = true;
  }));
  begun.wait();
  std::jthread opens([&] { go.count_down(); });
  pool.stop();
  EXPECT_TRUE(done);
  EXPECT_FALSE(pool.run([] {}));
}

}  // namespace
}  // namespace thalweg::http
