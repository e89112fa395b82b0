// Drift in a whole pipeline: silence while nothing drifts, an alarm when it does, and its end. No broker.
#include <random>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "thalweg/testing.h"

namespace thalweg {
namespace {

using testing::HasSubstr;

class DriftInUse : public testing::Test {
 protected:
  TestDriver driver_ = TestDriver::from_text(R"(
pipeline: p
models: {m: {runtime: fake, inputs: {x: "float32[?]"}, outputs: {y: "float32[?]"}}}
from: {topic: in, start: earliest, fields: {x: float32}}
steps: [infer: {model: m, outputs: {y: score}}]
to: {topic: out, value: {score: score}}
drift: {first_rows: 5000, rows_min: 1000, window: 1s, windows: 3, topic: events}
)");
  std::mt19937 random_{4711};

  void rows(int count, double mean) {
    std::normal_distribution<double> normal(mean, 1);
    for (int i = 0; i < count; ++i)
      driver_.send("in", fmt::format(R"({{"x":{:.4f}}})", normal(random_)));
    driver_.clock().advance(std::chrono::seconds(2));
    driver_.run();
  }
  void baseline() {
    rows(5000, 0);
    rows(0, 0);  // from now on it is counted by
  }
};

TEST_F(DriftInUse, Forty_windows_without_drift_raise_no_alarm) {
  baseline();
  for (int i = 0; i < 40; ++i) rows(1000, 0);
  EXPECT_TRUE(driver_.read("events").empty());
}

TEST_F(DriftInUse, A_shift_is_an_alarm_with_the_third_window_and_its_end_is_told) {
  baseline();
  rows(1000, 0);
  rows(1000, 1.5);
  rows(1000, 1.5);
  EXPECT_TRUE(driver_.read("events").empty()) << "two windows may be chance";
  rows(1000, 1.5);
  rows(0, 0);  // what was sent is acknowledged
  const auto begun = driver_.read("events");
  ASSERT_EQ(begun.size(), 2U) << "the field and the score that follows it";
  EXPECT_EQ(begun[0].key, "p");
  EXPECT_THAT(*begun[0].value, HasSubstr(R"("state":"begin","pipeline":"p","model":"m")"));
  EXPECT_THAT(*begun[0].value, HasSubstr(R"("field":"x","output":false)"));
  EXPECT_THAT(*begun[1].value, HasSubstr(R"("field":"score","output":true)"));
  rows(1000, 0);
  rows(0, 0);
  const auto ended = driver_.read("events");
  ASSERT_EQ(ended.size(), 2U);
  EXPECT_THAT(*ended[0].value, HasSubstr(R"("state":"end")"));
  EXPECT_EQ(driver_.counts().forwarded, 10'000U);
  EXPECT_TRUE(driver_.counts().add_up());
}

TEST_F(DriftInUse, What_steps_make_is_watched_as_the_model_is_fed_with_it) {
  driver_ = TestDriver::from_text(R"(
pipeline: p
models: {m: {runtime: fake, inputs: {x: "float32[?]", bare: "float32[?]"}, outputs: {y: "float32[?]"}}}
from: {topic: in, start: earliest, fields: {x: float32}}
steps: [infer: {model: m, features: {x: {clip: x, low: -0.5, high: 9}, bare: x}, outputs: {y: score}}]
to: {topic: out, value: {score: score}}
drift: {first_rows: 5000, rows_min: 1000, window: 1s, windows: 3, topic: events, fields: [x, features.x, features.bare]}
)");
  baseline();
  for (int i = 0; i < 3; ++i) rows(1000, 1.5);
  rows(0, 0);
  const auto begun = driver_.read("events");
  ASSERT_EQ(begun.size(), 2U) << "the field, and the feature that a step makes of it";
  EXPECT_THAT(*begun[0].value, HasSubstr(R"("field":"x","output":false,"what":"field")"));
  EXPECT_THAT(*begun[1].value,
              HasSubstr(R"("field":"features.x","output":false,"what":"feature")"));
}

}  // namespace
}  // namespace thalweg
