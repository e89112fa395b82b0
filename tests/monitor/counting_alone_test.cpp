// The observer allocates nothing per row once a version's baseline is there; and what a row costs, printed.
#include <chrono>

#include <gtest/gtest.h>

#include "monitor/drift_monitor.h"
#include "monitor/numbers.h"
#include "monitor/scored_rows.h"
#include "support/count_allocations.h"

namespace thalweg::monitor {
namespace {

TEST(DriftAlone, Counting_a_batch_allocates_nothing) {
  DriftOptions options;
  options.first_rows = 1000;
  DriftMonitor monitor("p", options);
  ScoreObserver& observer = monitor.observer();
  ScoredRows rows;
  Numbers numbers(1);
  const auto make = [&] {
    return MadeRow{static_cast<float>(numbers.normal()), numbers.next() < 0.5 ? "de" : "fr", 0.5F};
  };
  rows.tell(observer, 1000, make);
  monitor.tick({1});
  monitor.tick({2});
  rows.fill(1000, make);
  const Scored scored = rows.scored();
  observer.scored(scored);
  const support::AllocationCount count;
  const auto began = std::chrono::steady_clock::now();
  constexpr int times = 2000;
  for (int i = 0; i < times; ++i) observer.scored(scored);
  const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - began;
  EXPECT_EQ(count.so_far(), 0U);
  RecordProperty("ns_a_row_of_three_fields", std::to_string(took.count() / times / 1000));
  std::printf("drift: %.1f ns a row of three fields\n", took.count() / times / 1000);
}

}  // namespace
}  // namespace thalweg::monitor
