// `thalweg backtest` on a real broker: history between two places, the group untouched; and as recorded, through control records.
#include <chrono>
#include <fstream>
#include <map>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/json_node.h"
#include "pipelines/support/broker_pipeline.h"

namespace thalweg {
namespace {

using test::Command;
using test::Reader;
using test::TestMessage;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

class BacktestBroker : public test::BrokerPipeline {
 protected:
  void SetUp() override {
    BrokerPipeline::SetUp();
    if (IsSkipped()) return;
    log_ = test::make_topic(brokers_, "log");
    control_ = test::make_control_topic(brokers_);
    for (int version = 1; version <= 4; ++version) {
      const std::string folder = "m/" + std::to_string(version);
      folder_.write(folder + "/fake.yaml",
                    "inputs: {x: 'float32[?]'}\noutputs: {y: 'float32[?]'}\n");
      folder_.write(folder + "/assets.extra/features.yaml",
                    fmt::format("inputs: {{ x: float32 }}\nfeatures: {{ x: {{ rescale: x, scale: "
                                "0.00{}7 }} }}\n",
                                version));
    }
    folder_.write("p.yaml",
                  fmt::format(R"(
pipeline: {0}
kafka: {{bootstrap.servers: "{1}"}}
control: {{topic: {7}}}
models:
  m: {{runtime: fake, path: {2}/m, version: 1}}
from: {{topic: {3}, start: earliest, fields: {{n: int64, x: float32}}}}
steps: [infer: {{model: m, outputs: {{y: score}}}}]
to: {{topic: {4}, value: {{score: score}}}}
dead_letters: {5}
inference_log: {{topic: {6}, share: 0}}
)",
                              group_, brokers_, folder_.path(), in_, out_, dead_, log_, control_));
  }
  Said backtest(std::vector<std::string> more) const {
    more.insert(more.begin(), {"backtest", folder_ / "p.yaml"});
    return thalweg(more);
  }
  void route(std::vector<std::string> what) const {
    what.insert(what.begin(), {"models", "route", folder_ / "p.yaml", "m"});
    what.emplace_back("--wait");
    const Said said = thalweg(what);
    ASSERT_EQ(said.code, 0) << said.out << said.err;
  }
  void send_more(int count) {
    send(sent_, count);
    sent_ += count;
  }
  std::string log_, control_;
  int sent_ = 0;
};

TEST_F(BacktestBroker, As_recorded_every_score_is_the_one_on_the_output_topic) {
  const auto process = run();
  ASSERT_TRUE(says(*process, "worker.assigned", 60s)) << process->err();
  Reader out(brokers_, out_, 2);
  const auto answered = [&] { return out.until_count(static_cast<std::size_t>(sent_)); };
  send_more(200);
  ASSERT_TRUE(answered());
  route({"b=40%@2"});
  send_more(300);
  ASSERT_TRUE(answered());
  route({"b=70%@3"});
  send_more(300);
  ASSERT_TRUE(answered());
  route({"b=0%"});
  send_more(100);
  ASSERT_TRUE(answered());
  EXPECT_EQ(process->stop(), 0) << process->err();
  const auto committed_before = test::committed(brokers_, group_, in_);

  const Said again = backtest({"--as-recorded", "--output", folder_ / "again.jsonl", "--json"});
  ASSERT_EQ(again.code, 0) << again.out << again.err;
  EXPECT_THAT(again.out, HasSubstr(R"("records":900,)"));
  EXPECT_THAT(again.out, HasSubstr(R"("unknown":0,)"));
  std::map<std::string, std::pair<std::string, std::string>> written;  // id → version, score
  for (const TestMessage& m : out.all()) {
    const std::string head = header(m, "thalweg");
    const std::size_t at = head.find("version=") + 8;
    const auto value = control::read_json(*m.value);
    ASSERT_TRUE(value.ok());
    written[head.substr(3, head.find(',') - 3)] = {
        head.substr(at, head.find_first_of(",", at) - at), value->find("score")->text()};
  }
  ASSERT_EQ(written.size(), 900U);
  std::ifstream lines(folder_ / "again.jsonl");
  std::map<std::string, int> by_version;
  std::size_t count = 0, same_by_two = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    const auto node = control::read_json(line);
    ASSERT_TRUE(node.ok()) << line;
    const auto& [version, score] = written.at(node->find("id")->text());
    const Node& baseline = *node->find("baseline");
    EXPECT_EQ(baseline.find("version")->text(), version) << line;
    EXPECT_EQ(static_cast<float>(baseline.find("score")->as_number().value()),
              static_cast<float>(Node::scalar(score).as_number().value()))
        << line;
    ++by_version[version];
    // The versions differ by a factor, so that all of them answer 0 alike.
    if (version == "2" || Node::scalar(score).as_number().value() == 0) ++same_by_two;
  }
  EXPECT_EQ(count, 900U);
  EXPECT_EQ(by_version.size(), 3U) << "all three answered";

  // Another version against those; and the group is where it was.
  const Said other = backtest({"--model", "m@2", "--as-recorded", "--json"});
  EXPECT_EQ(other.code, 0) << other.err;
  EXPECT_THAT(other.out, HasSubstr(fmt::format(R"("same":{},)", same_by_two)));
  EXPECT_EQ(test::committed(brokers_, group_, in_), committed_before);
  EXPECT_EQ(out.all().size(), 900U);
  out.until_quiet(500ms);
  EXPECT_EQ(out.all().size(), 900U) << "nothing is written";
}

TEST_F(BacktestBroker, A_part_of_the_topic_is_read_and_the_control_record_is_the_present) {
  send_more(400);
  const Said present = thalweg({"models", "route", folder_ / "p.yaml", "m", "3"});
  ASSERT_EQ(present.code, 0) << present.err;
  const Said all = backtest({"--model", "m@4"});
  EXPECT_EQ(all.code, 0) << all.err;
  EXPECT_THAT(all.out, HasSubstr("400 records"));
  EXPECT_THAT(all.out, HasSubstr("version                 3                           4"));
  EXPECT_THAT(backtest({"--model", "m@4", "--from", "offset:150"}).out, HasSubstr("100 records"));
  EXPECT_THAT(backtest({"--model", "m@4", "--from", "offset:50", "--to", "offset:60"}).out,
              HasSubstr("20 records"));
  EXPECT_THAT(backtest({"--model", "m@4", "--from", "-1h"}).out, HasSubstr("400 records"));
  const Said past = backtest({"--model", "m@4", "--to", "2020-01-01T00:00:00Z"});
  EXPECT_EQ(past.code, 1) << past.out;
  EXPECT_THAT(past.err, HasSubstr("there is no record in that span"));
  EXPECT_THAT(backtest({"--model", "m@4", "--limit", "7"}).out, HasSubstr("7 records"));
  EXPECT_TRUE(test::committed(brokers_, group_, in_).empty());
}

}  // namespace
}  // namespace thalweg
