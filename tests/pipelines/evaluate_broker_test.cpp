// Predictions, their log and the labels on a real broker: what `thalweg evaluate` makes of the topics, and that a line which the
// log's topic refuses costs nothing but itself.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipelines/support/broker_pipeline.h"

namespace thalweg {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using namespace std::chrono_literals;

class EvaluateBroker : public test::BrokerPipeline,
                       public testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    BrokerPipeline::SetUp();
    if (IsSkipped()) return;
    labels_ = test::make_topic(brokers_, "labels");
    log_ = test::make_topic(brokers_, "log", 2, {{"max.message.bytes", "20000"}});
    folder_.write("p.yaml", fmt::format(R"(
pipeline: {}
kafka: {{bootstrap.servers: "{}", batch.size: 10000}}
delivery: {}
models:
  m:
    runtime: fake
    variants: [{{name: a, version: 1, share: 50%}}, {{name: b, version: 2, share: 50%}}]
    versions: {{1: {{}}, 2: {{function: constant, value: 0.5}}}}
from: {{topic: {}, start: earliest, fields: {{n: int64, x: float32, text: string}}}}
steps: [infer: {{model: m, outputs: {{y: score}}}}]
to: {{topic: {}, value: {{n: n, score: score}}}}
dead_letters: {}
inference_log: {{topic: {}, share: 1, fields: [text]}}
)",
                                        group_, brokers_, GetParam(), in_, out_, dead_, log_));
  }
  // Record n has the score n % 10 / 10 with variant a.
  void send_rows(int count, std::size_t text_of_first = 5) const {
    std::vector<test::TestMessage> messages;
    for (int n = 0; n < count; ++n) {
      messages.push_back({.value = fmt::format(R"({{"n":{},"x":{},"text":"{}"}})", n, n % 10 / 10.0,
                                               std::string(n == 0 ? text_of_first : 5, 't')),
                          .key = std::to_string(n),
                          .partition = n % 2});
    }
    test::produce(brokers_, in_, messages);
  }
  test::Command evaluate(std::vector<std::string> more = {}) const {
    std::vector<std::string> argv{test::thalweg_binary(), "evaluate", folder_ / "p.yaml",
                                  "--labels", "topic:" + labels_};
    argv.insert(argv.end(), more.begin(), more.end());
    return {argv, folder_.path()};
  }
  // The pipeline has done so many.
  void until_done(int count) {
    const auto process = run({"log.level=warning"});
    EXPECT_TRUE(test::eventually([&] { return committed_records() >= count; }, 60s))
        << process->err();
    EXPECT_EQ(process->stop(), 0) << process->err();
    words_ = process->err();
  }
  // So many at least, and what comes after them.
  std::vector<test::TestMessage> whole(const std::string& topic, int partitions,
                                       std::size_t count) const {
    test::Reader reader(brokers_, topic, partitions);
    EXPECT_TRUE(reader.until_count(count)) << topic;
    reader.until_quiet();
    return reader.all();
  }
  std::string labels_, log_, words_;
};

// Also after transactions, whose markers lie in the topics too.
TEST_P(EvaluateBroker, Log_and_labels_are_joined_out_of_their_topics) {
  send_rows(400);
  until_done(400);
  std::vector<test::TestMessage> labels;
  for (int n = 0; n < 380; ++n) {
    labels.push_back({.value = fmt::format(R"({{"id":"{}-{}-{}","label":{}}})", in_, n % 2, n / 2,
                                           n % 10 >= 5 ? 1 : 0),
                      .key = std::to_string(n),
                      .partition = 0});
  }
  labels.push_back({.value = R"({"id":"elsewhere-0-1","label":1})", .key = "x", .partition = 0});
  test::produce(brokers_, labels_, labels);
  test::Command json = evaluate({"--json"});
  ASSERT_EQ(json.wait(), 0) << json.err();
  EXPECT_THAT(json.out(),
              HasSubstr(R"("predictions":400,"unusable":0,"labels":381,"labels_unjoined":1)"));
  EXPECT_THAT(json.out(), HasSubstr(R"("variant":"a")"));
  EXPECT_THAT(json.out(), HasSubstr(R"("auc":1,)")) << "version 1 knows";
  EXPECT_THAT(json.out(), HasSubstr(R"("auc":0.5,)")) << "version 2 says the same of all";
  EXPECT_THAT(json.out(), HasSubstr(R"("ab":[{"a":{"variant":"a")"));
  test::Command text = evaluate();
  ASSERT_EQ(text.wait(), 0) << text.err();
  EXPECT_THAT(text.out(), HasSubstr("400 predictions, 381 labels (1 of no prediction here)"));
  test::Command later = evaluate({"--since", "2100-01-01T00:00:00Z"});
  EXPECT_EQ(later.wait(), 1) << later.out();
  EXPECT_THAT(later.err(), HasSubstr("0 predictions and 381 labels"));
}

TEST_P(EvaluateBroker, A_topic_that_is_not_there_and_one_that_is_empty_are_told_apart) {
  test::Command none = evaluate({"--log", "topic:" + test::unique("none"), "--timeout", "5"});
  EXPECT_NE(none.wait(), 0);
  EXPECT_THAT(none.err(), HasSubstr("Was anything ever written there?"));
  test::Command empty = evaluate();
  EXPECT_EQ(empty.wait(), 1);
  EXPECT_THAT(empty.err(), HasSubstr("0 predictions and 0 labels"));
}

TEST_P(EvaluateBroker, A_line_too_large_for_the_logs_topic_is_lost_and_its_prediction_is_not) {
  send_rows(40, 30'000);
  until_done(40);
  const auto outputs = whole(out_, 2, 40);
  EXPECT_EQ(outputs.size(), 40U) << words_;
  EXPECT_THAT(whole(dead_, 1, 0), IsEmpty());
  EXPECT_THAT(words_, HasSubstr("its line is lost"));
  std::set<std::string> logged;
  for (const test::TestMessage& m : whole(log_, 2, 32)) {
    if (m.value->starts_with(R"({"id":)")) logged.insert(m.key.value_or(""));
  }
  EXPECT_FALSE(logged.contains("0")) << "30,000 bytes";
  EXPECT_GE(logged.size(), 30U) << "of a transaction others may go with it";
}

INSTANTIATE_TEST_SUITE_P(Broker, EvaluateBroker, testing::Values("at_least_once", "exactly_once"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace thalweg
