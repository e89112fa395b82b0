// Champion and challenger in use: what the shadows of several workers heard is one figure; and observers that are several are one.
#include "monitor/comparison.h"

#include <functional>

#include <gtest/gtest.h>

#include "empty_use.h"
#include "monitor/observers.h"

namespace thalweg::monitor {
namespace {

Column scores(const std::vector<float>& values) {
  Column column;
  column.reset({DType::float32, {}});
  for (const float value : values) *column.append<float>() = value;
  return column;
}

struct Pair {
  Route route;
  Variant variant;
  ModelVersion champion, challenger;
  Schema schema{{{"score", {DType::float32, {}}}}};
  Pair() {
    champion.model = challenger.model = "fraud";
    champion.version = 1;
    challenger.version = 2;
  }
  void tell(ScoreObserver& observer, const std::vector<float>& a, const std::vector<float>& b) {
    std::vector<Column> one, other;
    one.push_back(scores(a));
    other.push_back(scores(b));
    observer.compared({.route = route,
                       .variant = variant,
                       .champion = champion,
                       .challenger = challenger,
                       .output_schema = schema,
                       .champion_outputs = one,
                       .challenger_outputs = other,
                       .champion_ns_per_row = 100,
                       .challenger_ns_per_row = 300});
  }
  // The champion answers, and nobody is compared.
  void answer(ScoreObserver& observer) { tell_of_no_rows(observer, route, variant, champion); }
};

TEST(Comparison, What_the_shadows_of_several_workers_heard_is_added_up) {
  ComparisonMonitor monitor;
  Observers first, second;
  first.add(monitor.observer());
  second.add(monitor.observer());
  Pair pair;
  pair.tell(*first.on_shadow(), {0.1F, 0.9F}, {0.1F, 0.2F});
  pair.tell(*second.on_shadow(), {0.3F, 0.7F}, {0.3F, 0.7F});
  const auto report = monitor.report();
  ASSERT_EQ(report.size(), 1U);
  EXPECT_EQ(report[0].grid.rows(), 4U);
  EXPECT_EQ(report[0].champion, 1);
  EXPECT_EQ(report[0].challenger, 2);
  EXPECT_NEAR(report[0].grid.flip_share(0.5), 0.25, 1e-9);
  EXPECT_NEAR(report[0].grid.mean_difference(), 0.7 / 4, 1.0 / 64);
  EXPECT_NEAR(report[0].latency_ratio(), 3, 1e-9);
  EXPECT_NE(comparison_json(report, 0.5).find("\"flip_share\":0.25"), std::string::npos);
}

TEST(Comparison, Scores_of_another_range_have_a_threshold_and_cells_of_their_own) {
  ComparisonMonitor monitor({.threshold = 50, .low = 0, .high = 100});
  Observers observers;
  observers.add(monitor.observer());
  Pair pair;
  pair.tell(*observers.on_shadow(), {10, 40, 60, 90}, {12, 55, 58, 120});
  const auto report = monitor.report();
  ASSERT_EQ(report.size(), 1U);
  EXPECT_NEAR(report[0].grid.flip_share(monitor.options().threshold), 0.25, 1e-9);
  EXPECT_NEAR(report[0].grid.mean_difference(), (2 + 15 + 2 + 10) / 4.0, 100.0 / 64);
  EXPECT_EQ(report[0].grid.outside(), 1U) << "120";
  EXPECT_GT(report[0].grid.spearman(), 0.9);
  const std::string json = comparison_json(report, monitor.options().threshold);
  EXPECT_NE(json.find("\"low\":0,\"high\":100,\"outside_rows\":1"), std::string::npos) << json;
  EXPECT_NE(json.find("\"threshold\":50,\"flip_share\":0.25"), std::string::npos) << json;
}

TEST(Comparison, A_number_that_is_published_anew_is_compared_anew_and_both_say_who_they_are) {
  ComparisonMonitor monitor;
  Observers observers;
  observers.add(monitor.observer());
  Pair pair;
  pair.challenger.content = "ab12";
  pair.tell(*observers.on_shadow(), {0.1F, 0.9F}, {0.1F, 0.2F});
  pair.challenger.content = "cd34";
  pair.tell(*observers.on_shadow(), {0.1F, 0.9F, 0.5F}, {0.1F, 0.9F, 0.5F});
  const auto report = monitor.report();
  ASSERT_EQ(report.size(), 2U);
  EXPECT_EQ(report[0].grid.rows(), 2U);
  EXPECT_EQ(report[1].grid.rows(), 3U);
  EXPECT_EQ(report[1].grid.flip_share(0.5), 0);
  EXPECT_NE(comparison_json(report, 0.5).find(R"("challenger":2,"challenger_content":"cd34")"),
            std::string::npos);
}

TEST(Comparison, A_pair_is_forgotten_when_its_model_has_answered_for_an_hour_without_it) {
  ComparisonMonitor monitor;
  Observers first, second;
  first.add(monitor.observer());
  second.add(monitor.observer());
  Pair old, next;
  next.challenger.version = 3;
  Timestamp now{1};
  const auto minutes = [&](int count, const std::function<void()>& each) {
    for (int i = 0; i < count; ++i) {
      each();
      now.ms += 60'000;
      monitor.tick(now);
    }
  };
  old.tell(*first.on_shadow(), {0.1F}, {0.1F});
  old.tell(*second.on_shadow(), {0.1F}, {0.1F});
  minutes(1, [] {});
  minutes(600, [] {});
  EXPECT_EQ(monitor.report().size(), 1U) << "the night, in which nobody asks";
  minutes(59, [&] {
    old.answer(first);
    next.tell(*second.on_shadow(), {0.1F}, {0.1F});
  });
  EXPECT_EQ(monitor.report().size(), 2U);
  old.tell(*second.on_shadow(), {0.1F}, {0.1F});
  minutes(30, [&] { old.answer(first); });
  ASSERT_EQ(monitor.report().size(), 2U) << "one worker's shadow compared them again";
  EXPECT_EQ(monitor.report()[0].grid.rows() + monitor.report()[1].grid.rows(), 3U + 59U);
  minutes(31, [&] {
    old.answer(first);
    next.tell(*second.on_shadow(), {0.1F}, {0.1F});
  });
  ASSERT_EQ(monitor.report().size(), 1U);
  EXPECT_EQ(monitor.report()[0].challenger, 3);
}

struct Lagging final : ScoreObserver {
  int heard = 0;
  void scored(const Scored&) noexcept override { ++heard; }
  [[nodiscard]] bool lagging() const noexcept override { return true; }
};

TEST(Observers, A_worker_that_lags_says_so_through_a_list) {
  ComparisonMonitor monitor;
  Lagging lagging;
  Observers all;
  all.add(monitor.observer());
  EXPECT_FALSE(all.lagging());
  all.add(lagging);
  EXPECT_TRUE(all.lagging());
}

}  // namespace
}  // namespace thalweg::monitor
