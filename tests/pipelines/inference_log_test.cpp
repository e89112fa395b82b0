// The inference log in whole pipelines: what is logged, which predictions, and that a replay logs the same. No broker.
#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "thalweg/testing.h"

namespace thalweg {
namespace {

using testing::HasSubstr;
using testing::Not;

TestDriver pipeline(const std::string& log, TestOptions options = {}, const std::string& model = "",
                    const std::string& to = "") {
  return TestDriver::from_text(fmt::format(R"(
pipeline: p
models:
  m: {{ runtime: fake, inputs: {{ x: "float32[?]" }}, outputs: {{ y: "float32[?]" }}, fail_when: negative{} }}
from: {{ topic: in, start: earliest, fields: {{ x: float32, card: string }} }}
steps: [infer: {{ model: m, outputs: {{ y: score }} }}]
to: {{ topic: out, {} value: {{ score: score }} }}
dead_letters: dead
{}
)",
                                           model, to, log),
                               options);
}

std::string event(double x, const std::string& card) {
  return fmt::format(R"({{"x":{},"card":"{}"}})", x, card);
}

struct Logged {
  std::vector<std::string> predictions, epochs;
};
Logged logged(TestDriver& driver) {
  Logged log;
  for (const TestOutput& output : driver.read("log"))
    (output.value->starts_with(R"({"epochs")") ? log.epochs : log.predictions)
        .push_back(*output.value);
  return log;
}

TEST(InferenceLog, A_prediction_is_logged_with_its_id_its_maker_and_the_fields_asked_for) {
  TestDriver driver =
      pipeline("inference_log: {topic: log, share: 1, fields: [x, card], mask: [card]}");
  driver.send("in", {.value = event(1, "c1"), .key = "k"});
  driver.run();
  auto outputs = driver.read("log");
  ASSERT_EQ(outputs.size(), 2U);
  EXPECT_EQ(outputs[0].value, R"({"epochs":{"model":"m","version":0,"variant":"","epoch":-1,)"
                              R"("topic":"in","partition":0,"from":0,"salt":"m","key":"",)"
                              R"("route":[{"variant":"","version":0,"end":10000}]}})");
  EXPECT_EQ(outputs[1].key, "k");
  EXPECT_THAT(*outputs[1].value,
              HasSubstr(R"({"id":"in-0-0","models":[{"model":"m","version":0,)"));
  EXPECT_THAT(*outputs[1].value,
              HasSubstr(R"("features":{"x":1,"card":"***"},"outputs":{"score":)"));
  EXPECT_THAT(*outputs[1].value, HasSubstr(R"("latency_us":)"));
  EXPECT_THAT(*outputs[1].value, HasSubstr(R"("share":10000})"));
  EXPECT_EQ(driver.read("out").size(), 1U);
  EXPECT_EQ(driver.counts().forwarded, 1U);
}

TEST(InferenceLog, A_field_that_is_not_there_is_named_with_what_there_is) {
  try {
    (void)pipeline("inference_log: {topic: log, fields: [cart]}");
    FAIL();
  } catch (const TestError& error) {
    EXPECT_THAT(error.what(), HasSubstr("'cart'"));
    EXPECT_THAT(error.what(), HasSubstr("card"));
  }
}

TEST(InferenceLog, Who_is_masked_but_not_asked_for_is_not_written) {
  TestDriver driver = pipeline("inference_log: {topic: log, share: 1, fields: [x], mask: [card]}");
  driver.send("in", event(1, "secret"));
  driver.run();
  const Logged log = logged(driver);
  ASSERT_EQ(log.predictions.size(), 1U);
  EXPECT_THAT(log.predictions[0], Not(HasSubstr("card")));
}

TEST(InferenceLog, What_is_dead_is_not_logged_and_nothing_dies_of_the_log) {
  TestDriver driver = pipeline("inference_log: {topic: log, share: 1}");
  driver.send("in", "{");
  driver.send("in", event(-1, "c"));
  driver.send("in", event(1, "c"));
  driver.run();
  EXPECT_EQ(logged(driver).predictions.size(), 1U);
  EXPECT_EQ(driver.counts().dead, 2U);
  EXPECT_EQ(driver.counts().forwarded, 1U);
  EXPECT_TRUE(driver.counts().add_up());
}

TEST(InferenceLog, A_record_that_goes_nowhere_is_filtered_and_its_prediction_logged) {
  TestDriver driver = pipeline("inference_log: {topic: log, share: 1}", {}, "",
                               "when: {field: score, above: 1000},");
  driver.send("in", event(1, "c"));
  driver.run();
  EXPECT_EQ(logged(driver).predictions.size(), 1U);
  EXPECT_EQ(driver.counts().filtered, 1U);
  driver.close();
  EXPECT_EQ(driver.committed().begin()->second.value, 1);
}

std::vector<std::string> ids(const std::vector<std::string>& predictions) {
  std::vector<std::string> out;
  for (const std::string& p : predictions) out.push_back(p.substr(0, p.find(",\"models\"")));
  return out;
}

Logged log_of_many(std::size_t batch_records, double share) {
  TestDriver driver = pipeline(fmt::format("inference_log: {{topic: log, share: {}}}", share),
                               {.batch_records = batch_records});
  for (int i = 0; i < 2000; ++i) driver.send("in", event(i, "c"));
  driver.run();
  EXPECT_EQ(driver.read("out").size(), 2000U);
  return logged(driver);
}

TEST(InferenceLog, A_replay_logs_the_same_sample_however_the_batches_are_cut) {
  const Logged once = log_of_many(1024, 0.1);
  EXPECT_NEAR(static_cast<double>(once.predictions.size()), 200, 60);  // 4 standard deviations
  EXPECT_EQ(ids(log_of_many(7, 0.1).predictions), ids(once.predictions));
  const auto more = ids(log_of_many(100, 0.3).predictions);
  const std::set<std::string> larger(more.begin(), more.end());
  for (const std::string& id : ids(once.predictions))
    EXPECT_TRUE(larger.contains(id)) << "a larger share keeps what a smaller one has";
}

TEST(InferenceLog, Where_an_epoch_begins_is_told_once_a_partition_and_never_sampled_away) {
  TestDriver driver = pipeline("inference_log: {topic: log, share: 0}", {.partitions = 2});
  for (int i = 0; i < 10; ++i)
    driver.send("in", {.value = event(i, "c"), .partition = Partition{i % 2}});
  driver.run();
  const Logged log = logged(driver);
  EXPECT_TRUE(log.predictions.empty());
  ASSERT_EQ(log.epochs.size(), 2U);
  EXPECT_THAT(log.epochs[0], HasSubstr(R"("partition":0,"from":0)"));
  EXPECT_THAT(log.epochs[1], HasSubstr(R"("partition":1,"from":0)"));
}

TEST(InferenceLog, Without_epochs_only_predictions_are_written) {
  TestDriver driver = pipeline("inference_log: {topic: log, share: 1, epochs: false}");
  driver.send("in", event(1, "c"));
  driver.run();
  EXPECT_TRUE(logged(driver).epochs.empty());
}

TEST(InferenceLog, Every_variant_tells_its_share_and_the_bucket_of_the_key) {
  TestDriver driver = pipeline("inference_log: {topic: log, share: 1}", {},
                               ", versions: {2: {}}, variants: [{name: a, version: 1, share: 90%}, "
                               "{name: b, version: 2, share: 10%}], salt: s, key: card");
  for (int i = 0; i < 200; ++i) driver.send("in", event(1, fmt::format("c{}", i)));
  driver.run();
  const Logged log = logged(driver);
  ASSERT_EQ(log.predictions.size(), 200U);
  EXPECT_EQ(log.epochs.size(), 2U) << "one of each variant";
  int b = 0;
  for (const std::string& p : log.predictions) {
    const auto at = p.find("\"bucket\":");
    ASSERT_NE(at, std::string::npos) << p;
    const int bucket = std::stoi(p.substr(at + 9));
    EXPECT_THAT(p, HasSubstr(bucket < 9000 ? R"("variant":"a")" : R"("variant":"b")"));
    EXPECT_THAT(p, HasSubstr(bucket < 9000 ? R"("share":9000)" : R"("share":1000)"));
    b += bucket < 9000 ? 0 : 1;
  }
  EXPECT_GT(b, 0);
}

TEST(InferenceLog, The_log_is_acknowledged_before_the_offset_is_committed) {
  TestDriver driver = pipeline("inference_log: {topic: log, share: 1}", {}, "",
                               "when: {field: score, above: 1000},");
  driver.hold_deliveries(true);
  driver.send("in", event(1, "c"));
  driver.run();
  driver.clock().advance(std::chrono::minutes(1));
  driver.run();
  EXPECT_TRUE(driver.committed().empty()) << "only the log is under way, and it counts";
  driver.hold_deliveries(false);
  driver.run();
  driver.close();
  EXPECT_EQ(driver.committed().begin()->second.value, 1);
}

TEST(InferenceLog, A_body_too_long_for_a_broker_is_left_out_and_the_prediction_stays) {
  TestDriver driver = pipeline("inference_log: {topic: log, share: 1, fields: [card]}");
  driver.send("in", event(1, std::string(300 * 1024, 'c')));
  driver.run();
  const Logged log = logged(driver);
  ASSERT_EQ(log.predictions.size(), 1U);
  EXPECT_LT(log.predictions[0].size(), 500U);
  EXPECT_THAT(log.predictions[0], Not(HasSubstr("features")));
}

TEST(InferenceLog, A_line_that_the_broker_refuses_is_lost_and_its_prediction_is_not) {
  TestDriver driver = pipeline("inference_log: {topic: log, share: 1, fields: [card]}");
  driver.refuse_outputs_over(500);
  driver.send("in", event(1, "c"));
  driver.send("in", event(2, std::string(600, 'c')));
  driver.send("in", event(3, "c"));
  driver.run();
  EXPECT_EQ(driver.read("out").size(), 3U);
  EXPECT_EQ(ids(logged(driver).predictions),
            (std::vector<std::string>{R"({"id":"in-0-0")", R"({"id":"in-0-2")"}));
  EXPECT_TRUE(driver.dead_letters().empty());
  EXPECT_EQ(driver.counts().forwarded, 3U);
  driver.close();
  EXPECT_EQ(driver.committed().begin()->second.value, 3);
}

TEST(InferenceLog, An_epoch_that_could_not_be_told_is_told_when_lines_get_through_again) {
  TestDriver driver = pipeline("inference_log: {topic: log, share: 1}");
  driver.refuse_outputs_over(50);
  driver.send("in", event(1, "c"));
  driver.run();
  EXPECT_EQ(driver.read("out").size(), 1U);
  driver.refuse_outputs_over(10'000);
  driver.send("in", event(2, "c"));
  driver.run();
  EXPECT_TRUE(driver.read("log").empty()) << "silent for a minute";
  driver.clock().advance(std::chrono::minutes(1));
  driver.send("in", event(3, "c"));
  driver.run();
  const Logged log = logged(driver);
  ASSERT_EQ(log.epochs.size(), 1U);
  EXPECT_THAT(log.epochs[0], HasSubstr(R"("from":2)"));
  EXPECT_EQ(log.predictions.size(), 1U);
  EXPECT_EQ(driver.counts().forwarded, 3U);
}

}  // namespace
}  // namespace thalweg
