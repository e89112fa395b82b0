// `thalweg backtest` on lines of a file: two versions with features of their own, and what is between their answers.
#include <cmath>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/thalweg_process.h"
#include "control/json_node.h"
#include "model/scratch_dir.h"

namespace thalweg::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class BacktestTest : public ::testing::Test {
 protected:
  BacktestTest() {
    put(1, "rescale: p, scale: 1");
    put(2, "rescale: p, scale: 0.5, offset: 0.3");
    put(3, "rescale: p, scale: -1, offset: 1");
    write("");
    std::string lines, labels;
    for (int i = 0; i < 2000; ++i) {
      lines += fmt::format("{{\"p\":{}}}\n", value(i));
      labels += fmt::format("{{\"id\":\"in-0-{}\",\"label\":{}}}\n", i, value(i) > 0.6 ? 1 : 0);
    }
    folder.write("history", lines);
    folder.write("labels", labels);
  }
  static double value(int i) { return (i * 37 % 2000 + 0.5) / 2000; }
  void put(int version, const std::string& feature, const std::string& more = "") {
    const std::string name = "m/" + std::to_string(version);
    folder.write(name + "/fake.yaml",
                 "inputs: {x: 'float32[?]'}\noutputs: {y: 'float32[?]'}\n" + more);
    folder.write(name + "/assets.extra/features.yaml",
                 "inputs: { p: float32 }\nfeatures: { x: { " + feature + " } }\n");
  }
  void write(const std::string& model, const std::string& more = "") {
    folder.write("p.yaml", fmt::format(R"(
pipeline: p
models: {{ m: {{ runtime: fake, path: {}/m, version: 1{} }} }}
from: {{ topic: in, start: earliest, fields: {{ p: float32 }} }}
steps: [ {{ infer: {{ model: m, outputs: {{ y: score }} }} }} ]
to: {{ topic: out, value: {{ score: score }} }}
{})",
                                       folder.path(), model, more));
  }
  Ran backtest(std::vector<std::string> more, const std::string& input = "") const {
    std::vector<std::string> all{"backtest", folder / "p.yaml"};
    if (input.empty()) all.insert(all.end(), {"--input", folder / "history"});
    all.insert(all.end(), more.begin(), more.end());
    return run_thalweg(all, input);
  }
  static double number(const Node& node, std::initializer_list<const char*> path) {
    const Node* at = &node;
    for (const char* name : path) at = at == nullptr ? nullptr : at->find(name);
    EXPECT_NE(at, nullptr) << *(path.end() - 1);
    return at == nullptr ? -1 : at->as_number().value_or(-1);
  }
  ScratchDir folder;
};

TEST_F(BacktestTest, The_figures_are_those_of_the_two_versions_answers) {
  const Ran ran = backtest({"--model", "m@2", "--json", "--output", folder / "both"});
  ASSERT_EQ(ran.code, 0) << ran.err << ran.out;
  const auto report = control::read_json(ran.out);
  ASSERT_TRUE(report.ok()) << ran.out;
  // Computed here, from what each version makes of the field.
  double difference = 0;
  int flips = 0;
  for (int i = 0; i < 2000; ++i) {
    const float a = static_cast<float>(value(i)), b = a * 0.5F + 0.3F;
    difference += std::abs(static_cast<double>(a) - static_cast<double>(b)) / 2000;
    flips += (a >= 0.5F) != (b >= 0.5F) ? 1 : 0;
  }
  EXPECT_EQ(number(*report, {"records"}), 2000);
  EXPECT_EQ(number(*report, {"comparison", "rows"}), 2000);
  EXPECT_NEAR(number(*report, {"comparison", "mean_difference"}), difference, 1e-6);
  EXPECT_EQ(number(*report, {"comparison", "flips"}), flips);
  EXPECT_GT(number(*report, {"comparison", "psi"}), 0.1);
  EXPECT_GT(number(*report, {"comparison", "spearman"}), 0.99) << "the same order";
  EXPECT_EQ(number(*report, {"baseline", "rows_by_version", "1"}), 2000);
  EXPECT_EQ(number(*report, {"candidate", "rows_by_version", "2"}), 2000);
  const std::string both = read_file(folder / "both");
  EXPECT_EQ(std::count(both.begin(), both.end(), '\n'), 2000);
  EXPECT_THAT(both, HasSubstr(R"({"id":"in-0-0","baseline":{"version":1,"score":0.00025},)"
                              R"("candidate":{"version":2,"score":0.300125}})"));
}

TEST_F(BacktestTest, People_read_a_table_and_another_threshold_flips_others) {
  const Ran ran = backtest({"--model", "m@3"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("model 'm': 2,000 records"), HasSubstr("baseline"),
                             HasSubstr("candidate"), HasSubstr("2,000 rows compared"),
                             HasSubstr("decisions that flip   100 % at 0.5"),
                             HasSubstr("Spearman              -1")));
  EXPECT_THAT(backtest({"--model", "3", "--threshold", "0.95"}).out, HasSubstr("10 % at 0.95"))
      << "the only model needs no name";
  write("", "comparison: { threshold: 0.95, low: -1, high: 2 }");
  EXPECT_THAT(backtest({"--model", "3"}).out, HasSubstr("10 % at 0.95")) << "as the pipeline says";
  EXPECT_THAT(backtest({"--model", "3", "--threshold", "0.5"}).out, HasSubstr("100 % at 0.5"));
  const Ran refused = backtest({"--model", "3", "--high", "-2"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.err, HasSubstr("--low: expected less than --high (-2); got -1; give both"));
}

TEST_F(BacktestTest, Against_another_version_and_with_itself_it_is_the_same) {
  const Ran ran = backtest({"--model", "m@3", "--against", "m@3"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out,
              AllOf(HasSubstr("2,000 with the same score"), HasSubstr("decisions that flip   0 %"),
                    HasSubstr("PSI                   0\n")));
}

TEST_F(BacktestTest, What_the_candidate_cannot_answer_is_a_finding) {
  put(2, "rescale: p, scale: -1", "fail_when: negative\n");
  const Ran piped = backtest({"--model", "m@2", "--input", "-", "--output", folder / "both"},
                             "{\"p\":0.5}\n{\"p\":-0.5}\nnonsense\n");
  EXPECT_EQ(piped.code, 1) << piped.out;
  EXPECT_THAT(piped.err, HasSubstr("the candidate fails where the baseline does not"));
  EXPECT_THAT(piped.out,
              AllOf(HasSubstr("1 (not_json 1)"), HasSubstr("2 (invalid_model_input 1, not_json 1)"),
                    HasSubstr("1 answered by the baseline alone")));
  EXPECT_THAT(
      read_file(folder / "both"),
      AllOf(HasSubstr(R"("candidate":{"dead":"invalid_model_input"})"),
            HasSubstr(R"("baseline":{"dead":"not_json"},"candidate":{"dead":"not_json"})")));
}

TEST_F(BacktestTest, With_labels_the_quality_of_both_is_told) {
  const Ran ran = backtest({"--model", "m@3", "--labels", folder / "labels", "--json"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  const auto report = control::read_json(ran.out);
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->find("baseline_quality")->find("groups")->items().at(0).find("auc")->text(),
            "1");
  EXPECT_EQ(report->find("candidate_quality")->find("groups")->items().at(0).find("auc")->text(),
            "0");
  EXPECT_THAT(
      backtest({"--model", "m@3", "--labels", folder / "labels"}).out,
      AllOf(HasSubstr("baseline: 2000 predictions, 2000 labels"), HasSubstr("candidate: ")));
}

TEST_F(BacktestTest, As_recorded_compares_with_those_who_answered_then) {
  folder.write(
      "log",
      R"({"epochs":{"model":"m","version":3,"variant":"","epoch":1,"topic":"in","partition":0,"from":500}}
{"epochs":{"model":"m","version":2,"variant":"","epoch":2,"topic":"in","partition":0,"from":1000}}
{"epochs":{"model":"m","version":9,"variant":"","epoch":3,"topic":"in","partition":0,"from":1900}}
)");
  const Ran ran = backtest({"--model", "m@2", "--as-recorded", "--log", folder / "log"});
  EXPECT_EQ(ran.code, 0) << ran.err << ran.out;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("500 records left out: the log does not say who answered"),
                             HasSubstr("100 records left out: "), HasSubstr("2, 3"),
                             HasSubstr("1,400 rows compared, 900 with the same score")));
  const Ran alone =
      backtest({"--as-recorded", "--log", folder / "log", "--output", folder / "one"});
  EXPECT_EQ(alone.code, 0) << alone.err;
  EXPECT_THAT(alone.out, Not(HasSubstr("candidate")));
  EXPECT_THAT(read_file(folder / "one"),
              HasSubstr(R"({"id":"in-0-500","baseline":{"version":3,"score":)"));
}

TEST_F(BacktestTest, The_pipelines_own_shadow_log_drift_age_and_error_rules_play_no_part) {
  write(", shadow: {version: 2, topic: side}",
        "inference_log: {topic: log, share: 1}\ndrift: {topic: events}\nerrors: stop\n");
  const Ran ran =
      backtest({"--model", "m@2", "--input", "-"}, "{\"p\":0.5}\nnonsense\n{\"p\":1}\n");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("2 rows compared"));
}

TEST_F(BacktestTest, A_mistake_says_what_was_expected) {
  EXPECT_THAT(backtest({}).err, HasSubstr("expected --model NAME@VERSION"));
  EXPECT_THAT(backtest({"--model", "n@2"}).err, HasSubstr("one of the pipeline's models, 'm'"));
  EXPECT_THAT(backtest({"--model", "m@7"}).err, HasSubstr("7"));
  EXPECT_EQ(backtest({"--model", "m@7"}).code, 3);
  EXPECT_THAT(backtest({"--model", "m@2", "--score", "scor"}).err,
              HasSubstr("expected an output of model 'm'"));
  EXPECT_THAT(backtest({"--model", "m@2", "--from", "yesterday"}, "x").err, HasSubstr("as -2h"));
  EXPECT_THAT(backtest({"--model", "m@2", "--from", "-2h"}).err, HasSubstr("places in a topic"));
  EXPECT_THAT(backtest({"--model", "m@2", "--as-recorded"}).err, HasSubstr("`inference_log`"));
  EXPECT_THAT(backtest({"--model", "m@2", "--log", "x"}).err, HasSubstr("expected --as-recorded"));
  EXPECT_THAT(backtest({"--model", "m@2", "--labels", "nowhere"}).err, HasSubstr("labels"));
  const Ran nothing = backtest({"--model", "m@2", "--input", "/dev/null"}, " ");
  EXPECT_EQ(nothing.code, 1);
  EXPECT_THAT(nothing.err, HasSubstr("there is no record in that span"));
}

}  // namespace
}  // namespace thalweg::test
