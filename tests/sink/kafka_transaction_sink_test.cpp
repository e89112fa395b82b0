// A producer with transactions that is fenced or broken, against the cluster inside the process: it is closed, and another one takes its
// place. That nothing of its transaction is ever shown only a real broker can say: kafka_transaction_sink_broker_test.cpp.
#include "sink/kafka_transaction_sink.h"

#include <deque>

#include <gtest/gtest.h>

#include "kafka/group_offsets.h"
#include "support/mock_cluster.h"

namespace thalweg {
namespace {

using namespace std::chrono_literals;
using test::eventually;

constexpr std::int16_t end_txn = 26;  // Kafka's number of that request

class KafkaTransactionSinkTest : public testing::Test {
 protected:
  void SetUp() override {
    auto started = kafka::EmbeddedCluster::start(1, lines.sink());
    ASSERT_TRUE(started);
    cluster = *std::move(started);
    ASSERT_TRUE(cluster->create_topic("out", 1));
    KafkaSinkOptions o;
    o.kafka = *kafka::make_config(kafka::Pairs{{"bootstrap.servers", cluster->bootstrap()}});
    o.transactional_id = "p-1-0";
    o.log = lines.sink();
    auto made = KafkaTransactionSink::make(o);
    ASSERT_TRUE(made) << made.error().message();
    sink = *std::move(made);
    ASSERT_TRUE(sink->add_target("out"));
    ASSERT_TRUE(eventually([&] { return sink->open().ok(); }));
  }
  // Begins a transaction and sends an output in it.
  OutputRecord& send(std::string_view value) {
    OutputRecord& output = outputs.emplace_back();
    output.value = value;
    output.listener = &delivery;
    EXPECT_TRUE(sink->begin());
    EXPECT_TRUE(sink->send(output));
    return output;
  }
  // The same, and the broker acknowledges it.
  void write(std::string_view value) {
    const std::size_t before = delivery.ok();
    send(value);
    ASSERT_TRUE(sink->flush(10s));
    ASSERT_EQ(delivery.ok(), before + 1);
  }
  [[nodiscard]] Status commit() {
    kafka::ConsumerOffsets group;
    group.offsets = kafka::make_list(1);
    kafka::add(*group.offsets, "out", {0}).offset = 1;
    group.membership.reset(rd_kafka_consumer_group_metadata_new("g"));
    return sink->commit(group);
  }
  [[nodiscard]] std::size_t new_producers() const {
    return lines.count(kafka::LogLevel::info, "a new producer for transactions 'p-1-0'");
  }
  // As often as the worker would ask.
  [[nodiscard]] bool recovers() {
    return eventually([&] { return sink->recover().ok(); });
  }

  test::LogLines lines;
  test::RecordingDelivery delivery;
  std::unique_ptr<kafka::EmbeddedCluster> cluster;
  std::deque<OutputRecord> outputs;  // outlive the sink
  std::unique_ptr<KafkaTransactionSink> sink;
};

TEST_F(KafkaTransactionSinkTest, A_producer_that_was_fenced_is_replaced_and_the_next_one_commits) {
  write("first");
  rd_kafka_mock_push_request_errors(cluster->mock(), end_txn, 1, RD_KAFKA_RESP_ERR_PRODUCER_FENCED);
  const Status refused = commit();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().retry(), Retry::backoff) << "the worker lives on";
  EXPECT_EQ(rd_kafka_fatal_error(sink->client(), nullptr, 0), RD_KAFKA_RESP_ERR__FENCED);
  EXPECT_FALSE(sink->fatal()) << "and so does the sink";
  ASSERT_TRUE(recovers());
  EXPECT_EQ(new_producers(), 1U);
  EXPECT_EQ(rd_kafka_fatal_error(sink->client(), nullptr, 0), RD_KAFKA_RESP_ERR_NO_ERROR);
  write("second");
  EXPECT_TRUE(commit());
}

TEST_F(KafkaTransactionSinkTest, A_broken_producer_gives_back_what_it_holds_and_is_replaced) {
  rd_kafka_mock_broker_set_down(cluster->mock(), 1);
  const OutputRecord& held = send("held");
  rd_kafka_test_fatal_error(sink->client(), RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER,
                            "by a test");
  const Status refused = commit();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().retry(), Retry::backoff);
  rd_kafka_mock_broker_set_up(cluster->mock(), 1);
  ASSERT_TRUE(recovers());
  EXPECT_EQ(new_producers(), 1U);
  // Its batch must come back to the worker, and as something that is done again, not as a refused record.
  ASSERT_EQ(delivery.failures().size(), 1U);
  EXPECT_EQ(delivery.failures()[0].first, &held);
  EXPECT_NE(delivery.failures()[0].second.domain(), Domain::user);
  EXPECT_EQ(delivery.ok(), 0U);
  EXPECT_EQ(sink->queued_bytes(), 0U);
  write("next");
  EXPECT_TRUE(commit());
}

TEST_F(KafkaTransactionSinkTest, A_transaction_that_is_refused_is_aborted_by_its_own_producer) {
  write("first");
  // The group's coordinator refuses the offsets, as of a member that is out.
  constexpr std::int16_t txn_offset_commit = 28;
  rd_kafka_mock_push_request_errors(cluster->mock(), txn_offset_commit, 1,
                                    RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION);
  ASSERT_FALSE(commit());
  ASSERT_TRUE(recovers());
  EXPECT_EQ(new_producers(), 0U) << "it was good for another transaction";
  write("second");
  EXPECT_TRUE(commit());
}

}  // namespace
}  // namespace thalweg
