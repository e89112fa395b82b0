// What goes right, seen from the topics: where it starts, what is carried along, groups that grow and shrink.
#include "pipelines/support/broker_pipeline.h"

namespace thalweg {
namespace {

using namespace std::chrono_literals;
using test::Reader;
using test::TestMessage;

class DeliveryBroker : public test::BrokerPipeline {
 protected:
  // Two processes of a group: the second comes, then one goes; nothing may be missing.
  void members_come_and_go(const std::vector<std::string>& settings) {
    slow_ = "2ms";
    use(test::real_broker(), 4);
    send(0, 4000);
    const auto first = run(settings);
    Reader reader(brokers_, out_, 4);
    ASSERT_TRUE(reader.until_count(300)) << first->err();
    const auto second = run(settings);
    ASSERT_TRUE(says(*second, "assigned")) << second->err();
    ASSERT_TRUE(reader.until_count(1500)) << second->err();
    EXPECT_EQ(first->stop(), 0) << first->err();
    send(4000, 200);
    EXPECT_TRUE(reader.until([](const auto& all) { return keys(all).size() == 4200; }, 120s))
        << second->err();
    reader.until_quiet(1s);
    fmt::print("{} outputs of 4200 records\n", reader.all().size());
    EXPECT_EQ(second->stop(), 0) << second->err();
    EXPECT_EQ(committed_records(), 4200);
    expect_order(reader.all());
  }
  // From each input partition to each output partition, the first sight of each record is in order.
  static void expect_order(const std::vector<TestMessage>& all) {
    std::map<std::pair<int, int>, std::vector<int>> firsts;
    std::map<std::string, int> seen;
    for (const TestMessage& m : all) {
      const int n = std::stoi(*m.key);
      if (seen[*m.key]++ == 0) firsts[{n % 4, m.partition}].push_back(n);
    }
    for (const auto& [way, order] : firsts) {
      EXPECT_TRUE(std::is_sorted(order.begin(), order.end()))
          << "from " << way.first << " to " << way.second;
    }
  }
};

TEST_F(DeliveryBroker, Two_processes_with_two_workers_each_share_a_group_and_one_leaves) {
  members_come_and_go({"workers=2", "batch.rows_max=16"});
}

TEST_F(DeliveryBroker, The_same_with_the_group_protocol_of_KIP_848) {
  members_come_and_go({"workers=2", "batch.rows_max=16", "from.kafka.group.protocol=consumer"});
}

TEST_F(DeliveryBroker,
       Key_timestamp_headers_and_traceparent_are_carried_and_the_thalweg_header_is_added) {
  test::produce(
      brokers_, in_,
      {{.value = value(1),
        .key = "a",
        .partition = 1,
        .timestamp = 1'700'000'000'123,
        .headers = {{"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
                    {"thalweg", "id=old"}}},
       {.value = value(2), .partition = 1}});
  const auto command = run();
  Reader reader(brokers_, out_, 2);
  ASSERT_TRUE(reader.until_count(2)) << command->err();
  EXPECT_EQ(command->stop(), 0) << command->err();
  const auto& first = reader.all()[0].key ? reader.all()[0] : reader.all()[1];
  const auto& second = reader.all()[0].key ? reader.all()[1] : reader.all()[0];
  EXPECT_EQ(first.key, "a");
  EXPECT_EQ(first.value, R"({"n":1,"score":1})");
  EXPECT_EQ(first.timestamp, 1'700'000'000'123);
  ASSERT_EQ(first.headers.size(), 2U);
  EXPECT_EQ(header(first, "traceparent"),
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  EXPECT_EQ(header(first, "thalweg").find("id=" + in_ + "-1-0,model=m,version="), 0U)
      << header(first, "thalweg");
  EXPECT_FALSE(second.key);
}

TEST_F(DeliveryBroker, Tombstones_follow_their_policy) {
  test::produce(brokers_, in_,
                {{.value = std::nullopt, .key = "t", .partition = 0},
                 {.value = value(1), .key = "v", .partition = 0}});
  for (const std::string policy : {"dead", "drop", "forward"}) {
    SCOPED_TRACE(policy);
    group_ = test::unique("group"), out_ = test::make_topic(brokers_, "out"),
    dead_ = test::make_topic(brokers_, "dead");
    write_file(", on_null: " + policy);
    const auto command = run();
    Reader reader(brokers_, out_, 1), dead(brokers_, dead_, 1);
    ASSERT_TRUE(reader.until([](const auto& all) { return keys(all).count("v") == 1; }))
        << command->err();
    EXPECT_EQ(command->stop(), 0) << command->err();
    reader.until_quiet(), dead.until_quiet();
    EXPECT_EQ(reader.all().size(), policy == "forward" ? 2U : 1U);
    if (policy == "forward") {
      EXPECT_FALSE(reader.all()[0].value);
    }
    EXPECT_EQ(dead.all().size(), policy == "dead" ? 1U : 0U);
    EXPECT_EQ(committed_records(), 2);
  }
}

TEST_F(DeliveryBroker, Start_latest_takes_what_comes_and_a_time_what_is_as_young) {
  std::vector<TestMessage> old;
  for (int n = 0; n < 10; ++n) {
    old.push_back({.value = value(n),
                   .key = std::to_string(n),
                   .partition = 0,
                   .timestamp = 1'600'000'000'000 + n * 1000});
  }
  test::produce(brokers_, in_, old);
  const auto late = run({"from.start=latest"});
  ASSERT_TRUE(says(*late, "assigned")) << late->err();
  std::this_thread::sleep_for(1s);  // "latest" is looked up after the assignment
  send(100, 1);
  Reader reader(brokers_, out_, 2);
  ASSERT_TRUE(reader.until_count(1)) << late->err();
  EXPECT_EQ(late->stop(), 0) << late->err();
  reader.until_quiet();
  EXPECT_EQ(keys(reader.all()), (std::map<std::string, int>{{"100", 1}}));

  group_ = test::unique("group"), out_ = test::make_topic(brokers_, "out", 2);
  write_file();
  const auto timed = run({"from.start=2020-09-13T12:26:47Z"});  // 1'600'000'007'000
  Reader young(brokers_, out_, 2);
  EXPECT_TRUE(young.until_count(4)) << timed->err();
  EXPECT_EQ(timed->stop(), 0) << timed->err();
  young.until_quiet();
  EXPECT_EQ(keys(young.all()),
            (std::map<std::string, int>{{"7", 1}, {"8", 1}, {"9", 1}, {"100", 1}}));
}

TEST_F(DeliveryBroker, Outputs_with_a_condition_go_to_their_topic_only) {
  const std::string high = test::make_topic(brokers_, "high");
  write_file("", "[{topic: " + out_ + ", value: {n: n}}, {topic: " + high +
                     ", when: {field: score, at_least: 95}, value: input}]");
  send(0, 100);
  const auto command = run();
  Reader all(brokers_, out_, 2), some(brokers_, high, 1);
  EXPECT_TRUE(all.until_count(100)) << command->err();
  EXPECT_TRUE(some.until_count(5)) << command->err();
  EXPECT_EQ(command->stop(), 0) << command->err();
  some.until_quiet();
  EXPECT_EQ(some.all().size(), 5U);
  for (const TestMessage& m : some.all()) EXPECT_EQ(m.value, value(std::stoi(*m.key)));
}

}  // namespace
}  // namespace thalweg
