// The observer allocates nothing per row once a version's baseline is there; and what a row costs, printed.
#include <chrono>

#include <gtest/gtest.h>

#include "model/bucket.h"
#include "monitor/ab_monitor.h"
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

TEST(AbAlone, Counting_a_batch_allocates_nothing_once_its_route_was_seen) {
  AbMonitor monitor;
  ScoreObserver& observer = monitor.observer();
  const auto version = std::make_shared<ModelVersion>();
  Route route;
  route.variants = {{"a", 9000, version}, {"b", bucket_count, version}};
  ScoredRows rows;
  Numbers numbers(1);
  rows.fill(1000, [&] { return MadeRow{1, "de", static_cast<float>(numbers.next())}; });
  std::vector<std::uint32_t> buckets(1000);
  for (auto& bucket : buckets) bucket = static_cast<std::uint32_t>(9000 * numbers.next());
  const Scored told = rows.scored();
  const Scored scored{.batch = told.batch,
                      .schema = told.schema,
                      .columns = told.columns,
                      .rows = told.rows,
                      .output_schema = told.output_schema,
                      .outputs = told.outputs,
                      .answered = told.answered,
                      .reads = told.reads,
                      .route = route,
                      .variant = route.variants.data(),
                      .buckets = buckets,
                      .version = told.version};
  observer.scored(scored);
  const support::AllocationCount count;
  const auto began = std::chrono::steady_clock::now();
  constexpr int times = 2000;
  for (int i = 0; i < times; ++i) observer.scored(scored);
  const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - began;
  EXPECT_EQ(count.so_far(), 0U);
  EXPECT_EQ(monitor.report().at(0).arms[0].figures.rows, (times + 1) * 1000U);
  std::printf("ab: %.1f ns a row\n", took.count() / times / 1000);
}

}  // namespace
}  // namespace thalweg::monitor
