// The Kafka sink against the cluster inside the process. What needs a real broker's judgement is in
// kafka_sink_broker_test.cpp.
#include "sink/kafka_sink.h"

#include <poll.h>
#include <thread>

#include <gtest/gtest.h>

#include "support/mock_cluster.h"

namespace thalweg {
namespace {

using namespace std::chrono_literals;
using test::eventually;

OutputRecord output(std::string_view value, test::RecordingDelivery& delivery,
                    std::uint16_t target = 0) {
  OutputRecord o;
  o.value = value;
  o.target = target;
  o.listener = &delivery;
  return o;
}

class KafkaSinkTest : public testing::Test {
 protected:
  void SetUp() override {
    auto started = kafka::EmbeddedCluster::start(1, lines.sink());
    ASSERT_TRUE(started);
    cluster = *std::move(started);
    ASSERT_TRUE(cluster->create_topic("out", 4));
  }
  std::unique_ptr<KafkaSink> make(kafka::Pairs more = {}, std::string brokers = {}) {
    KafkaSinkOptions o;
    more.emplace_back("bootstrap.servers", brokers.empty() ? cluster->bootstrap() : brokers);
    o.kafka = *kafka::make_config(more);
    o.log = lines.sink();
    o.topic_timeout = 5s;
    if (!brokers.empty()) o.topic_timeout = 600ms;
    auto sink = KafkaSink::make(o);
    EXPECT_TRUE(sink) << sink.error().message();
    return *std::move(sink);
  }

  [[nodiscard]] std::string warnings() const {
    std::string all;
    for (const auto& [level, text] : lines.lines()) {
      if (level >= kafka::LogLevel::warn) all += text + "\n";
    }
    return all;
  }
  test::LogLines lines;
  std::unique_ptr<kafka::EmbeddedCluster> cluster;
  test::RecordingDelivery delivery;
};

TEST_F(KafkaSinkTest, Keys_timestamps_headers_and_tombstones_leave_as_they_were_given) {
  auto sink = make();
  ASSERT_TRUE(sink->add_target("out"));
  const Header from_input[] = {{"traceparent", "00-1"}, {"none", std::nullopt}};
  const Header ours[] = {{"thalweg", "id=1"}};
  OutputRecord first = output("hello", delivery);
  first.key = "k";
  first.timestamp = {1234};
  first.input_headers = from_input;
  first.headers = ours;
  OutputRecord tombstone = output("", delivery);
  tombstone.key = "k";
  tombstone.value = std::nullopt;
  OutputRecord empty = output("", delivery);
  empty.key = "k";
  for (OutputRecord* o : {&first, &tombstone, &empty}) ASSERT_TRUE(sink->send(*o));
  ASSERT_TRUE(sink->flush(10s));
  EXPECT_EQ(delivery.ok(), 3U);
  EXPECT_EQ(sink->queued_bytes(), 0U);
  const auto got = test::consume(cluster->bootstrap(), "out", 3);
  ASSERT_EQ(got.size(), 3U);
  EXPECT_EQ(got[0].value, "hello");
  EXPECT_EQ(got[0].key, "k");
  EXPECT_EQ(got[0].timestamp, 1234);
  using Headers = decltype(got[0].headers);
  EXPECT_EQ(got[0].headers,
            (Headers{{"traceparent", "00-1"}, {"none", std::nullopt}, {"thalweg", "id=1"}}));
  EXPECT_FALSE(got[1].value);
  EXPECT_EQ(got[2].value, "");
}

TEST_F(KafkaSinkTest, Keys_go_to_the_partitions_where_Java_puts_them) {
  auto sink = make();
  ASSERT_TRUE(sink->add_target("out"));
  // murmur2(key) & 0x7fffffff, modulo 4: from the Java client's own test values.
  const std::vector<std::pair<std::string, std::int32_t>> keys{
      {"21", -973932308},
      {"foobar", -790332482},
      {"a-little-bit-long-string", -985981536},
      {"abc", 479470107}};
  std::vector<OutputRecord> outputs;
  for (const auto& [key, hash] : keys) {
    outputs.push_back(output(key, delivery));
    outputs.back().key = key;
  }
  for (OutputRecord& o : outputs) ASSERT_TRUE(sink->send(o));
  ASSERT_TRUE(sink->flush(10s));
  for (const auto& m : test::consume(cluster->bootstrap(), "out", 4)) {
    const auto it =
        std::find_if(keys.begin(), keys.end(), [&](const auto& k) { return k.first == *m.key; });
    EXPECT_EQ(m.partition, (it->second & 0x7fffffff) % 4) << *m.key;
  }
}

TEST_F(KafkaSinkTest, Large_payloads_are_sent_from_where_they_lie) {
  auto sink = make();
  ASSERT_TRUE(sink->add_target("out"));
  std::string large(200'000, 'x');
  OutputRecord o = output(large, delivery);
  ASSERT_TRUE(sink->send(o));
  EXPECT_EQ(sink->queued_bytes(), large.size());
  ASSERT_TRUE(sink->flush(10s));
  const auto got = test::consume(cluster->bootstrap(), "out", 1);
  ASSERT_EQ(got.size(), 1U);
  EXPECT_TRUE(got[0].value == large);
}

TEST_F(KafkaSinkTest, An_output_over_the_clients_limit_is_refused_at_once_and_the_rest_goes_on) {
  auto sink = make({{"message.max.bytes", "20000"}, {"batch.size", "20000"}});
  ASSERT_TRUE(sink->add_target("out"));
  const std::string large(30'000, 'x');
  OutputRecord big = output(large, delivery);
  const Status s = sink->send(big);
  ASSERT_FALSE(s);
  EXPECT_EQ(s.error().code(), Code::output_refused);
  EXPECT_EQ(s.error().retry(), Retry::no);
  EXPECT_NE(s.error().message().find("message.max.bytes under `kafka`"), std::string::npos)
      << s.error().message();
  OutputRecord small = output("x", delivery);
  EXPECT_TRUE(sink->send(small));
  EXPECT_TRUE(sink->flush(10s));
  EXPECT_EQ(delivery.ok(), 1U);
  EXPECT_TRUE(delivery.failures().empty()) << "what send() refused is not reported again";
}

TEST_F(KafkaSinkTest, A_full_queue_says_so_and_takes_more_once_it_was_polled) {
  auto sink = make({{"queue.buffering.max.kbytes", "64"}});
  ASSERT_TRUE(sink->add_target("out"));
  const std::string kilobyte(1000, 'x');
  std::vector<OutputRecord> outputs(500, output(kilobyte, delivery));
  std::size_t full = 0;
  for (OutputRecord& o : outputs) {
    ASSERT_TRUE(eventually([&] {
      const Status s = sink->send(o);
      if (s) return true;
      EXPECT_EQ(s.error().code(), Code::queue_full);
      ++full;
      (void)sink->poll();
      return false;
    }));
    EXPECT_LT(sink->queued_bytes(), 70'000U);
  }
  ASSERT_TRUE(sink->flush(20s));
  EXPECT_GT(full, 0U);
  EXPECT_EQ(delivery.ok(), 500U);
}

TEST_F(KafkaSinkTest, Its_descriptor_becomes_readable_when_a_report_is_there) {
  auto sink = make();
  ASSERT_TRUE(sink->add_target("out"));
  (void)sink->poll();
  for (std::size_t i = 1; i <= 20; ++i) {
    OutputRecord o = output("x", delivery);
    ASSERT_TRUE(sink->send(o));
    pollfd p{sink->fd(), POLLIN, 0};
    while (delivery.ok() < i) {
      ASSERT_EQ(::poll(&p, 1, 5000), 1) << "a report came without a wake, at " << i;
      (void)sink->poll();
    }
  }
}

TEST_F(KafkaSinkTest, Several_workers_send_and_poll_at_once_and_each_output_is_reported_once) {
  auto sink = make();
  ASSERT_TRUE(sink->add_target("out"));
  constexpr std::size_t each = 2000;
  std::vector<std::thread> workers;
  std::vector<std::vector<OutputRecord>> outputs(3);
  for (auto& mine : outputs) {
    mine.assign(each, output("value", delivery));
    workers.emplace_back([&] {
      for (OutputRecord& o : mine) {
        while (!sink->send(o)) (void)sink->poll();
        if (o.record % 64 == 0) (void)sink->poll();
      }
    });
  }
  for (std::thread& w : workers) w.join();
  ASSERT_TRUE(sink->flush(20s));
  EXPECT_EQ(delivery.ok(), 3 * each);
  EXPECT_EQ(sink->queued_bytes(), 0U);
}

TEST_F(KafkaSinkTest, A_missing_topic_is_an_error_with_a_suggestion_and_is_not_made_by_asking) {
  auto sink = make();
  for (int i = 0; i < 2; ++i) {
    auto target = sink->add_target("outt");
    ASSERT_FALSE(target);
    EXPECT_EQ(target.error().code(), Code::topic_missing);
    EXPECT_NE(target.error().message().find("Did you mean 'out'?"), std::string::npos)
        << target.error().message();
  }
}

TEST_F(KafkaSinkTest, A_broker_that_is_not_there_is_unreachable_and_asking_again_is_allowed) {
  auto sink = make({}, "127.0.0.1:1");
  for (int i = 0; i < 2; ++i) {
    auto target = sink->add_target("out");
    ASSERT_FALSE(target);
    EXPECT_EQ(target.error().code(), Code::broker_unreachable) << target.error().message();
    EXPECT_EQ(target.error().retry(), Retry::backoff);
  }
  EXPECT_FALSE(sink->fatal());
  (void)sink->poll();
  EXPECT_EQ(lines.count(kafka::LogLevel::warn), 0U) << "whoever called was told";
}

TEST_F(KafkaSinkTest,
       Outputs_wait_while_the_broker_is_away_and_arrive_once_and_in_order_when_it_is_back) {
  auto sink = make();
  ASSERT_TRUE(sink->add_target("out"));
  rd_kafka_mock_broker_set_down(cluster->mock(), 1);
  std::vector<std::string> values;
  for (int i = 0; i < 200; ++i) values.push_back(std::to_string(i));
  std::vector<OutputRecord> outputs;
  for (const std::string& v : values) {
    outputs.push_back(output(v, delivery));
    outputs.back().key = "k";
  }
  for (OutputRecord& o : outputs) ASSERT_TRUE(sink->send(o));
  EXPECT_FALSE(sink->flush(300ms));
  EXPECT_EQ(delivery.ok(), 0U);
  EXPECT_TRUE(delivery.failures().empty()) << "nothing is given up";
  rd_kafka_mock_broker_set_up(cluster->mock(), 1);
  ASSERT_TRUE(sink->flush(20s));
  const auto got = test::consume(cluster->bootstrap(), "out", 200);
  ASSERT_EQ(got.size(), 200U);
  for (std::size_t i = 0; i < 200; ++i) EXPECT_EQ(got[i].value, values[i]);
  EXPECT_EQ(lines.count(kafka::LogLevel::warn), 1U) << warnings();
  EXPECT_EQ(lines.count(kafka::LogLevel::info, "answers again"), 1U);
}

TEST_F(KafkaSinkTest,
       An_output_the_broker_refuses_is_reported_as_refused_and_the_next_one_is_written) {
  auto sink = make();
  ASSERT_TRUE(sink->add_target("out"));
  // In a batch, and alone.
  rd_kafka_mock_push_request_errors(cluster->mock(), 0 /* Produce */, 2,
                                    RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE,
                                    RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
  OutputRecord bad = output("bad", delivery);
  ASSERT_TRUE(sink->send(bad));
  ASSERT_TRUE(sink->flush(10s));
  ASSERT_EQ(delivery.failures().size(), 1U);
  EXPECT_EQ(delivery.failures()[0].first, &bad);
  EXPECT_EQ(delivery.failures()[0].second.code(), Code::output_refused);
  OutputRecord good = output("good", delivery);
  ASSERT_TRUE(sink->send(good));
  ASSERT_TRUE(sink->flush(10s));
  EXPECT_EQ(delivery.ok(), 1U);
  EXPECT_FALSE(sink->fatal());
}

TEST_F(KafkaSinkTest, A_batch_refused_for_its_size_is_written_one_by_one_and_in_order) {
  auto sink = make({{"linger.ms", "50"}});
  ASSERT_TRUE(sink->add_target("out"));
  rd_kafka_mock_push_request_errors(cluster->mock(), 0 /* Produce */, 1,
                                    RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
  std::vector<OutputRecord> outputs(20, output("x", delivery));
  std::vector<std::string> values;
  for (int i = 0; i < 20; ++i) values.push_back(std::to_string(i));
  for (std::size_t i = 0; i < 20; ++i) {
    outputs[i].value = values[i];
    outputs[i].key = "k";
    ASSERT_TRUE(sink->send(outputs[i]));
  }
  ASSERT_TRUE(sink->flush(10s));
  EXPECT_EQ(delivery.ok(), 20U);
  EXPECT_TRUE(delivery.failures().empty());
  EXPECT_EQ(sink->queued_bytes(), 0U);
  EXPECT_EQ(lines.count(kafka::LogLevel::warn, "one by one"), 1U) << warnings();
  const auto got = test::consume(cluster->bootstrap(), "out", 20);
  ASSERT_EQ(got.size(), 20U);
  for (std::size_t i = 0; i < 20; ++i) EXPECT_EQ(got[i].value, values[i]);
}

TEST_F(KafkaSinkTest, What_failed_for_no_reason_of_its_own_is_sent_again) {
  auto sink = make();
  ASSERT_TRUE(sink->add_target("out"));
  // librdkafka gives up at once on an error it does not know.
  rd_kafka_mock_push_request_errors(cluster->mock(), 0 /* Produce */, 1, RD_KAFKA_RESP_ERR_UNKNOWN);
  OutputRecord o = output("again", delivery);
  ASSERT_TRUE(sink->send(o));
  ASSERT_TRUE(sink->flush(10s));
  EXPECT_EQ(delivery.ok(), 1U);
  EXPECT_TRUE(delivery.failures().empty());
  EXPECT_EQ(sink->queued_bytes(), 0U);
  EXPECT_EQ(lines.count(kafka::LogLevel::warn, "trying on"), 1U)
      << "otherwise this test tests nothing";
  const auto got = test::consume(cluster->bootstrap(), "out", 1);
  ASSERT_EQ(got.size(), 1U);
}

TEST_F(KafkaSinkTest, Everything_is_reported_even_when_the_sink_dies_first) {
  auto sink = make();
  ASSERT_TRUE(sink->add_target("out"));
  rd_kafka_mock_broker_set_down(cluster->mock(), 1);
  std::vector<OutputRecord> outputs(10, output("x", delivery));
  for (OutputRecord& o : outputs) ASSERT_TRUE(sink->send(o));
  sink.reset();
  ASSERT_EQ(delivery.failures().size() + delivery.ok(), 10U);
  for (const auto& [which, error] : delivery.failures()) EXPECT_EQ(error.code(), Code::stopped);
}

TEST_F(KafkaSinkTest, The_same_topic_is_one_target) {
  ASSERT_TRUE(cluster->create_topic("other", 1));
  auto sink = make();
  EXPECT_EQ(*sink->add_target("out"), 0);
  EXPECT_EQ(*sink->add_target("other"), 1);
  EXPECT_EQ(*sink->add_target("out"), 0);
}

}  // namespace
}  // namespace thalweg
