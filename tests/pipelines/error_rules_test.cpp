// `errors:` in a running pipeline: what is skipped, where it stops, and how many may die. No broker.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "thalweg/testing.h"

namespace thalweg {
namespace {

TestDriver pipeline(const std::string& errors, bool dead_letters = true) {
  return TestDriver::from_text(fmt::format(R"(
pipeline: p
models: {{m: {{runtime: fake, inputs: {{x: 'float32[?]'}}, outputs: {{y: 'float32[?]'}}, fail_when: negative}}}}
from: {{topic: in, start: earliest, fields: {{x: float32}}}}
steps: [infer: {{model: m, outputs: {{y: score}}}}]
to: {{topic: out, value: {{score: score}}}}
{}
errors: {}
)",
                                           dead_letters ? "dead_letters: dead" : "", errors));
}
void send(TestDriver& driver, const std::vector<std::string>& values) {
  for (const std::string& value : values) driver.send("in", value);
}
const std::string good = R"({"x":1})", refused = R"({"x":-1})", broken = "{";

TEST(ErrorRulesInUse, A_skipped_record_is_dead_and_counted_and_leaves_no_letter) {
  TestDriver driver = pipeline("{codes: {not_json: skip}}");
  send(driver, {good, broken, refused, good});
  driver.run();
  EXPECT_EQ(driver.read("out").size(), 2U);
  const auto letters = driver.dead_letters();
  ASSERT_EQ(letters.size(), 1U);
  EXPECT_EQ(letters[0].value, refused);
  EXPECT_TRUE(driver.counts().add_up());
  EXPECT_EQ(driver.counts().dead, 2U);
  driver.close();
  EXPECT_EQ(driver.committed().begin()->second.value, 4);
}

TEST(ErrorRulesInUse, Skipping_needs_no_dead_letter_topic) {
  TestDriver driver = pipeline("skip", false);
  send(driver, {broken, good});
  driver.run();
  EXPECT_EQ(driver.read("out").size(), 1U);
  EXPECT_EQ(driver.counts().dead, 1U);
}

TEST(ErrorRulesInUse, A_stage_that_must_not_fail_stops_the_pipeline_in_front_of_the_record) {
  TestDriver driver = pipeline("{stages: {infer: stop}}");
  send(driver, {good, broken, refused, good});
  const Status ended = driver.try_run();
  ASSERT_FALSE(ended.ok());
  EXPECT_EQ(ended.error().code(), Code::invalid_model_input);
  EXPECT_THAT(ended.error().message(), testing::HasSubstr("errors.stages.infer"));
  driver.close();
  EXPECT_EQ(driver.read("out").size(), 1U);
  EXPECT_EQ(driver.dead_letters().size(), 1U) << "that of the record before";
  EXPECT_EQ(driver.committed().begin()->second.value, 2);
}

TEST(ErrorRulesInUse, An_output_that_is_refused_for_its_size_is_skipped_or_stops_as_the_rules_say) {
  TestDriver skips = pipeline("{codes: {output_refused: skip}}");
  skips.refuse_outputs_over(1);
  send(skips, {good});
  skips.run();
  EXPECT_TRUE(skips.dead_letters().empty());
  EXPECT_EQ(skips.counts().dead, 1U);
  skips.close();
  EXPECT_EQ(skips.committed().begin()->second.value, 1);

  TestDriver stops = pipeline("{stages: {sink: stop}}");
  stops.refuse_outputs_over(1);
  send(stops, {good});
  const Status ended = stops.try_run();
  ASSERT_FALSE(ended.ok());
  EXPECT_EQ(ended.error().code(), Code::output_refused);
}

TEST(ErrorRulesInUse, Too_many_dead_stop_it_before_the_topic_is_drained_into_the_dead_letters) {
  TestDriver driver = pipeline("{dead_share_max: 0.5, dead_share_records: 10}");
  std::vector<std::string> records(10, good);
  for (int i = 0; i < 1000; ++i) records.push_back(refused);
  Status ended;
  for (const std::string& record : records) {
    send(driver, {record});
    ended = driver.try_run();
    if (!ended.ok()) break;
  }
  ASSERT_FALSE(ended.ok());
  EXPECT_EQ(ended.error().code(), Code::too_many_dead);
  EXPECT_EQ(ended.error().retry(), Retry::fatal);
  EXPECT_THAT(ended.error().message(), testing::HasSubstr("50.0 %"));
  driver.close();
  const std::size_t letters = driver.dead_letters().size();
  EXPECT_LE(letters, 15U);
  EXPECT_EQ(driver.committed().begin()->second.value, static_cast<std::int64_t>(10 + letters))
      << "what is not in the dead letters is read again";
}

TEST(ErrorRulesInUse, A_share_of_fewer_records_than_set_stops_nothing) {
  TestDriver driver = pipeline("{dead_share_max: 0, dead_share_records: 1000}");
  send(driver, std::vector<std::string>(999, refused));
  driver.run();
  EXPECT_EQ(driver.dead_letters().size(), 999U);
}

TEST(ErrorRulesInUse, Skipped_ones_count_towards_the_share) {
  TestDriver driver = pipeline("{policy: skip, dead_share_max: 0.5, dead_share_records: 10}");
  send(driver, std::vector<std::string>(20, broken));
  EXPECT_FALSE(driver.try_run().ok());
}

}  // namespace
}  // namespace thalweg
