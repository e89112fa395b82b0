// A shadow's topic on a real broker, given, changed and mistyped by control records while the pipeline runs.
#include <chrono>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipelines/support/broker_pipeline.h"

namespace thalweg {
namespace {

using test::Command;
using test::Reader;
using test::TestMessage;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

class ShadowTopicBroker : public test::BrokerPipeline {
 protected:
  void SetUp() override {
    BrokerPipeline::SetUp();
    if (IsSkipped()) return;
    control_ = test::make_control_topic(brokers_);
    // A version answers its own number.
    for (int version = 1; version <= 3; ++version)
      folder_.write(fmt::format("m/{}/fake.yaml", version),
                    fmt::format("function: constant\nvalue: {}\n", version));
    write("");
  }
  void write(const std::string& shadow) const {
    folder_.write("p.yaml",
                  fmt::format(R"(
pipeline: {0}
kafka: {{bootstrap.servers: "{1}"}}
control: {{topic: {2}}}
models:
  m: {{runtime: fake, path: {3}/m, version: 1{6}}}
from: {{topic: {4}, start: earliest, fields: {{n: int64, x: float32}}}}
steps: [infer: {{model: m, outputs: {{y: score}}}}]
to: {{topic: {5}, value: {{n: n, score: score}}}}
)",
                              group_, brokers_, control_, folder_.path(), in_, out_, shadow));
  }
  Said shadow(std::vector<std::string> what) const {
    std::vector<std::string> words{"models", "shadow", folder_ / "p.yaml", "m"};
    words.insert(words.end(), what.begin(), what.end());
    words.emplace_back("--wait");
    return thalweg(words);
  }
  std::string control_;
};

TEST_F(ShadowTopicBroker, Two_control_records_move_it_from_topic_to_topic_and_a_third_to_nowhere) {
  const std::string one = test::make_topic(brokers_, "one"),
                    two = test::make_topic(brokers_, "two");
  const auto process = run();
  ASSERT_TRUE(says(*process, "worker.assigned", 60s)) << process->err();
  Reader out(brokers_, out_, 2);

  Said said = shadow({"2", "--topic", one});
  ASSERT_EQ(said.code, 0) << said.out << said.err;
  send(0, 50);
  ASSERT_TRUE(out.until_count(50));
  Reader first(brokers_, one, 1);
  ASSERT_TRUE(first.until_count(50));
  EXPECT_EQ(keys(first.all()).size(), 50U);
  for (const TestMessage& m : first.all()) {
    EXPECT_THAT(*m.value, HasSubstr(R"("outputs":{"score":2},"champion":{"version":1,)"));
    EXPECT_THAT(header(m, "thalweg"), ContainsRegex("model=m,version=2,role=shadow,epoch=[0-9]+$"));
    EXPECT_THAT(*m.value, HasSubstr(header(m, "thalweg").substr(3, in_.size()))) << "the same id";
  }

  said = shadow({"3", "--topic", two});
  ASSERT_EQ(said.code, 0) << said.out << said.err;
  send(50, 50);
  ASSERT_TRUE(out.until_count(100));
  Reader second(brokers_, two, 1);
  ASSERT_TRUE(second.until_count(50));
  for (const TestMessage& m : second.all())
    EXPECT_THAT(*m.value, HasSubstr(R"("outputs":{"score":3},"champion":{"version":1,)"));

  // One that is not there: said once, and the records go on.
  said = shadow({"3", "--topic", test::unique("nowhere")});
  ASSERT_EQ(said.code, 0) << said.out << said.err;
  send(100, 50);
  ASSERT_TRUE(out.until_count(150));
  ASSERT_TRUE(says(*process, "side_topic.lost", 60s)) << process->err();
  send(150, 50);
  ASSERT_TRUE(out.until_count(200));
  for (const TestMessage& m : out.all()) EXPECT_THAT(*m.value, HasSubstr(R"("score":1})"));
  EXPECT_EQ(process->count_in_err("side_topic.lost"), 1U) << process->err();
  first.until_quiet(500ms);
  EXPECT_EQ(first.all().size(), 50U);
  EXPECT_EQ(process->stop(), 0) << process->err();
}

TEST_F(ShadowTopicBroker, A_topic_of_the_pipeline_itself_is_refused_where_it_is_typed) {
  const Said own = shadow({"2", "--topic", out_});
  EXPECT_EQ(own.code, 2);
  EXPECT_THAT(own.err, HasSubstr("expected a topic that the pipeline does not use otherwise"));
  EXPECT_THAT(shadow({"2", "--topic", "no topic"}).err, HasSubstr("shadow: topic: expected"));
}

TEST_F(ShadowTopicBroker, A_topic_that_the_file_names_is_checked_and_demanded) {
  write(", shadow: {version: 2, topic: " + test::unique("nowhere") + "}");
  const Said checked = thalweg({"check", folder_ / "p.yaml"});
  EXPECT_NE(checked.code, 0);
  EXPECT_THAT(checked.out + checked.err, HasSubstr("topic of the shadow of 'm'"));
  const auto process = run();
  EXPECT_NE(process->wait().value_or(0), 0);
  EXPECT_THAT(process->err(), HasSubstr("nowhere"));
  const auto made = run({"create_topics={enabled: true, replication_factor: 1}"});
  EXPECT_TRUE(says(*made, "worker.assigned", 60s)) << made->err();
  EXPECT_EQ(made->stop(), 0);
}

}  // namespace
}  // namespace thalweg
