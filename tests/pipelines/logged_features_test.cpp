// What feature steps made, in the inference log: whose, which rows', masked, and what does not fit. No broker.
#include "monitor/logged_features.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "thalweg/testing.h"

#include "monitor/evaluation.h"
#include "monitor/recorded_answers.h"

namespace thalweg {
namespace {

using testing::HasSubstr;
using testing::Not;

// Both models take `x`, two numbers, and `t`, a text; what they are made of is up to the steps.
constexpr const char* frame = R"(
pipeline: p
models:
  m: {{ runtime: fake, inputs: {{ x: "float32[?,2]", t: "string[?]" }}, outputs: {{ y: "float32[?]" }}{} }}
  n: {{ runtime: fake, inputs: {{ x: "float32[?,2]", t: "string[?]" }}, outputs: {{ y: "float32[?]" }} }}
from: {{ topic: in, start: earliest, fields: {{ a: float32, b: float32, card: string, list: "float32[]" }} }}
steps:
{}
to: {{ topic: out, nonfinite: "null", value: {{ score: score }} }}
dead_letters: dead
inference_log: {{ topic: log, epochs: false, {} }}
)";

constexpr const char* one_step =
    "- infer: { model: m, features: { x: {stack: [{log1p: a}, b]}, t: {lower_case: card} }, "
    "outputs: { y: score } }";

TestDriver pipeline(const std::string& log, const std::string& steps = one_step,
                    const std::string& model = "", TestOptions options = {}) {
  const std::string share = log.find("share:") == std::string::npos ? "share: 1, " : "";
  return TestDriver::from_text(fmt::format(frame, model, steps, share + log), options);
}

std::string event(double a, double b, const std::string& card = "C1",
                  const std::string& list = "[]") {
  return fmt::format(R"({{"a":{},"b":{},"card":"{}","list":{}}})", a, b, card, list);
}

std::vector<std::string> lines(TestDriver& driver) {
  std::vector<std::string> all;
  for (const TestOutput& output : driver.read("log")) all.push_back(*output.value);
  return all;
}

std::string line_of(const std::string& log, const std::string& value) {
  TestDriver driver = pipeline(log);
  driver.send("in", value);
  driver.run();
  const auto all = lines(driver);
  EXPECT_EQ(all.size(), 1U);
  return all.empty() ? "" : all.front();
}

TEST(LoggedFeatures, What_steps_made_stands_beside_the_version_that_was_fed_with_it) {
  const std::string line = line_of("features: all, fields: [a]", event(0, 0.5));
  EXPECT_THAT(line, HasSubstr(R"("share":10000,"features":{"x":[0,0.5],"t":"c1"}}],)"));
  EXPECT_THAT(line, HasSubstr(R"(,"features":{"a":0},"outputs":{"score":)")) << "fields as ever";
}

TEST(LoggedFeatures, Only_those_that_are_named_are_written_and_none_without_the_setting) {
  EXPECT_THAT(line_of("features: [x]", event(0, 0.5)), HasSubstr(R"("features":{"x":[0,0.5]}}])"));
  EXPECT_THAT(line_of("fields: []", event(0, 0.5)), Not(HasSubstr("features")));
}

TEST(LoggedFeatures, A_feature_is_masked_by_its_name_and_by_each_field_that_it_is_made_of) {
  EXPECT_THAT(line_of("features: all, mask: [features.x]", event(0, 0.5)),
              HasSubstr(R"("features":{"x":"***","t":"c1"})"));
  EXPECT_THAT(line_of("features: all, mask: [card]", event(0, 0.5, "SECRET")),
              AllOf(HasSubstr(R"("t":"***")"), Not(HasSubstr("secret"))));
  EXPECT_THAT(line_of("features: [x], mask: [b]", event(0, 0.5)),
              HasSubstr(R"("features":{"x":"***"})"))
      << "one of two in a stack is enough";
}

TEST(LoggedFeatures, A_masked_feature_that_no_setting_logs_is_a_mistake_with_what_there_is) {
  try {
    (void)pipeline("features: [x], mask: [features.tt]");
    FAIL();
  } catch (const TestError& error) {
    EXPECT_THAT(error.what(),
                AllOf(HasSubstr("mask"), HasSubstr("'features.tt'"), HasSubstr("'features.x'")));
  }
}

TEST(LoggedFeatures, Among_the_fields_a_feature_is_sent_to_its_own_setting) {
  try {
    (void)pipeline("fields: [features.x]");
    FAIL();
  } catch (const TestError& error) {
    EXPECT_THAT(error.what(), HasSubstr("chosen by `features`"));
  }
}

TEST(LoggedFeatures, Each_of_several_models_has_its_own_though_names_and_versions_are_the_same) {
  TestDriver driver = pipeline("features: [x]", R"(
- infer: { model: n, features: { x: {stack: [{log1p: a}, b]}, t: card }, outputs: { y: first } }
- infer: { model: m, features: { x: {stack: [{log1p: b}, first]}, t: card }, outputs: { y: score } }
)");
  driver.send("in", event(0, 0.5));
  driver.run();
  const auto all = lines(driver);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_THAT(all[0], HasSubstr(R"("model":"n","version":0)"));
  EXPECT_THAT(all[0], HasSubstr(R"("features":{"x":[0,0.5]}},{"model":"m")"));
  EXPECT_THAT(all[0], HasSubstr(R"("features":{"x":[0.4054)"));
}

TEST(LoggedFeatures, One_model_in_two_steps_has_each_steps) {
  TestDriver driver = pipeline("features: [x]", R"(
- infer: { model: m, features: { x: {stack: [{log1p: a}, b]}, t: card }, outputs: { y: first } }
- infer: { model: m, features: { x: {stack: [b, {log1p: a}]}, t: card }, outputs: { y: score } }
)");
  driver.send("in", event(0, 0.5));
  driver.run();
  const auto all = lines(driver);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_LT(all[0].find(R"("features":{"x":[0,0.5]})"), all[0].find(R"("features":{"x":[0.5,0]})"));
  EXPECT_NE(all[0].find(R"("features":{"x":[0.5,0]})"), std::string::npos) << all[0];
}

// However batches are cut, whatever dies or is filtered between.
TEST(LoggedFeatures, Every_line_has_its_own_rows_features_however_the_batches_are_cut) {
  const std::string steps = "- filter: { field: a, above: 0 }\n" + std::string(one_step) +
                            "\n- filter: { field: b, below: 90 }";
  for (const std::size_t cut : {1U, 7U, 1024U}) {
    TestDriver driver = pipeline("features: [x], fields: [a, b], share: 0.5", steps,
                                 ", fail_when: negative", {.batch_records = cut});
    for (int i = 0; i < 300; ++i)
      driver.send("in", event(i % 3, i % 11 == 0 ? -5 : i % 100));  // b < 0: the model refuses it
    driver.run();
    const auto all = lines(driver);
    EXPECT_GT(all.size(), 50U);
    for (const std::string& line : all) {
      double a = 0, b = 0, x = 0, y = 0;
      const auto fields = line.find(R"("features":{"a":)");
      const auto features = line.find(R"("features":{"x":[)");
      ASSERT_NE(features, std::string::npos) << line;
      ASSERT_EQ(std::sscanf(line.c_str() + fields, R"("features":{"a":%lf,"b":%lf})", &a, &b), 2);
      ASSERT_EQ(std::sscanf(line.c_str() + features, R"("features":{"x":[%lf,%lf]})", &x, &y), 2);
      EXPECT_NEAR(x, std::log1p(a), 1e-5) << line;
      EXPECT_EQ(y, b) << line;
    }
  }
}

TEST(LoggedFeatures, Of_rows_that_became_one_record_again_there_is_a_list_of_each_row_s) {
  TestDriver driver = pipeline("features: [x]", R"(
- explode: { fields: list }
- infer: { model: m, features: { x: {stack: [{log1p: a}, list]}, t: card }, outputs: { y: score } }
- collect: { fields: [score] }
)");
  driver.send("in", event(0, 0, "c", "[1,2,3]"));
  driver.send("in", event(0, 0, "c", "[4]"));
  driver.run();
  const auto all = lines(driver);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_THAT(all[0], HasSubstr(R"("features":[{"x":[0,1]},{"x":[0,2]},{"x":[0,3]}])"));
  EXPECT_THAT(all[1], HasSubstr(R"("features":[{"x":[0,4]}])")) << "a list of one stays a list";
}

TEST(LoggedFeatures, Of_a_record_that_became_several_rows_each_line_has_the_records) {
  TestDriver driver = pipeline("features: [x]", std::string(one_step) + R"(
- explode: { fields: list }
)");
  driver.send("in", event(0, 0.5, "c", "[1,2]"));
  driver.run();
  const auto all = lines(driver);
  ASSERT_EQ(all.size(), 2U);
  for (const std::string& line : all) EXPECT_THAT(line, HasSubstr(R"("features":{"x":[0,0.5]})"));
}

TEST(LoggedFeatures, Of_exploded_rows_that_stay_apart_each_line_has_its_own) {
  TestDriver driver = pipeline("features: [x]", R"(
- explode: { fields: list }
- infer: { model: m, features: { x: {stack: [{log1p: a}, list]}, t: card }, outputs: { y: score } }
)");
  driver.send("in", event(0, 0, "c", "[1,2]"));
  driver.run();
  const auto all = lines(driver);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_THAT(all[0], HasSubstr(R"("features":{"x":[0,1]})"));
  EXPECT_THAT(all[1], HasSubstr(R"("features":{"x":[0,2]})"));
}

TEST(LoggedFeatures, Variants_have_the_features_of_their_own_rows) {
  TestDriver driver = pipeline("features: [x], fields: [b]", one_step,
                               ", versions: {2: {}}, variants: [{name: a, version: 1, share: 50%}, "
                               "{name: b, version: 2, share: 50%}], key: card");
  for (int i = 0; i < 100; ++i) driver.send("in", event(0, i, fmt::format("c{}", i)));
  driver.run();
  const auto all = lines(driver);
  ASSERT_EQ(all.size(), 100U);
  for (int i = 0; i < 100; ++i) {
    const auto line = std::ranges::find_if(
        all, [&](const std::string& l) { return l.find(fmt::format("\"in-0-{}\"", i)) != l.npos; });
    ASSERT_NE(line, all.end());
    EXPECT_THAT(*line, HasSubstr(fmt::format(R"("features":{{"x":[0,{}]}})", i)));
  }
}

TEST(LoggedFeatures, What_is_too_long_is_cut_and_the_outputs_stay) {
  const std::string line =
      line_of("features: all, fields: [card]", event(0, 0.5, std::string(300 * 1024, 'C')));
  EXPECT_LT(line.size(), 500U);
  EXPECT_THAT(line, HasSubstr(R"("cut":true}],)")) << "of the features";
  EXPECT_THAT(line, HasSubstr(R"("outputs":{"score":)"));
  EXPECT_THAT(line, testing::EndsWith(R"(,"cut":true})")) << "of the fields";
}

TEST(LoggedFeatures, Numbers_that_JSON_has_no_word_for_are_null) {
  const std::string line = line_of("features: [x]", event(-2, 0.5));
  EXPECT_THAT(line, HasSubstr(R"("features":{"x":[null,0.5]})"));
}

TEST(LoggedFeatures, Who_reads_the_log_finds_in_it_what_was_there_before) {
  const std::string line = line_of("features: all, fields: [a], mask: [card]", event(0, 0.5));
  monitor::Evaluation evaluation({});
  ASSERT_TRUE(evaluation.add_prediction(line).ok());
  ASSERT_TRUE(evaluation.add_label(R"({"id":"in-0-0","label":1})").ok());
  const auto report = evaluation.report();
  ASSERT_EQ(report.groups.size(), 1U);
  EXPECT_EQ(report.groups[0].model, "m");
  monitor::RecordedAnswers answers;
  ASSERT_TRUE(answers.add(line, 0, 0).ok());
  answers.close();
  EXPECT_NE(answers.route_of("m", "in", 0, 0), nullptr);
}

TEST(LoggedFeatures, Features_of_a_partition_that_was_lost_and_came_back_are_made_and_logged_anew) {
  TestDriver driver = pipeline("features: [x]");
  driver.send("in", event(0, 1));
  driver.hold_deliveries(true);
  driver.run();
  driver.lose("in", Partition{0});
  driver.hold_deliveries(false);
  driver.assign("in", Partition{0});
  driver.send("in", event(0, 2));
  driver.run();
  const auto all = lines(driver);
  ASSERT_GE(all.size(), 2U);
  for (const std::string& line : all)
    EXPECT_THAT(line,
                HasSubstr(line.find("in-0-0") != line.npos ? R"("x":[0,1])" : R"("x":[0,2])"));
}

}  // namespace
}  // namespace thalweg
