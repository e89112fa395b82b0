// Two producers of one transactional.id against a real broker: the later one fences the earlier one.
#include <gtest/gtest.h>

#include "kafka/group_offsets.h"
#include "sink/kafka_transaction_sink.h"
#include "support/mock_cluster.h"

namespace thalweg {
namespace {

using namespace std::chrono_literals;
using test::eventually;

class KafkaTransactionSinkBroker : public testing::Test {
 protected:
  void SetUp() override {
    if (test::real_broker().empty()) GTEST_SKIP() << "THALWEG_TEST_KAFKA names no broker";
  }
  std::unique_ptr<KafkaTransactionSink> open() {
    KafkaSinkOptions o;
    o.kafka = *kafka::make_config(kafka::Pairs{{"bootstrap.servers", test::real_broker()}});
    o.transactional_id = id;
    o.create_missing = kafka::TopicSpec{"", 1, 1, topic_config};
    o.log = lines.sink();
    auto made = KafkaTransactionSink::make(o);
    EXPECT_TRUE(made) << made.error().message();
    auto sink = *std::move(made);
    EXPECT_TRUE(sink->add_target(topic));
    EXPECT_TRUE(eventually([&] { return sink->open().ok(); }));
    return sink;
  }
  void write(KafkaTransactionSink& sink, OutputRecord& output, std::string_view value) {
    output.value = value;
    output.listener = &delivery;
    const std::size_t before = delivery.ok();
    ASSERT_TRUE(sink.begin());
    ASSERT_TRUE(sink.send(output));
    ASSERT_TRUE(sink.flush(10s));
    ASSERT_EQ(delivery.ok(), before + 1) << "the broker has it";
  }
  [[nodiscard]] Status commit(KafkaTransactionSink& sink) const {
    kafka::ConsumerOffsets group;
    group.offsets = kafka::make_list(1);
    kafka::add(*group.offsets, topic, {0}).offset = 1;
    group.membership.reset(rd_kafka_consumer_group_metadata_new(id.c_str()));
    return sink.commit(group);
  }

  test::LogLines lines;
  test::RecordingDelivery delivery;
  const std::string id = test::unique("fenced"), topic = test::unique("out");
  std::vector<std::pair<std::string, std::string>> topic_config;
};

TEST_F(KafkaTransactionSinkBroker,
       Nothing_of_a_fenced_producers_transaction_is_shown_and_its_sink_goes_on_with_a_new_one) {
  OutputRecord outputs[3];
  const auto zombie = open();
  write(*zombie, outputs[0], "of the zombie");
  const auto heir = open();
  write(*heir, outputs[1], "of the heir");
  ASSERT_TRUE(commit(*heir));
  const Status refused = commit(*zombie);
  ASSERT_FALSE(refused) << "somebody has taken its place";
  EXPECT_EQ(refused.error().retry(), Retry::backoff);
  ASSERT_TRUE(eventually([&] { return zombie->recover().ok(); }));
  EXPECT_EQ(lines.count(kafka::LogLevel::info, "a new producer for transactions"), 1U);
  write(*zombie, outputs[2], "of the zombie, alive");
  ASSERT_TRUE(commit(*zombie));
  // Read committed; a third one, if it were shown, would come with them.
  const auto shown = test::consume(test::real_broker(), topic, 3, 3s);
  ASSERT_EQ(shown.size(), 2U);
  EXPECT_EQ(shown[0].value, "of the heir");
  EXPECT_EQ(shown[1].value, "of the zombie, alive");
}

TEST_F(KafkaTransactionSinkBroker, A_refused_output_has_the_brokers_words) {
  topic_config = {{"cleanup.policy", "compact"}};
  OutputRecord output;
  output.value = "without a key";
  output.listener = &delivery;
  const auto sink = open();
  ASSERT_TRUE(sink->begin());
  ASSERT_TRUE(sink->send(output));
  ASSERT_TRUE(sink->flush(10s));
  ASSERT_EQ(delivery.failures().size(), 1U);
  const Error error = delivery.failures()[0].second;
  EXPECT_EQ(error.code(), Code::output_refused) << error.message();
  EXPECT_NE(error.message().find("cannot accept message without key"), std::string::npos)
      << error.message();
  ASSERT_TRUE(eventually([&] { return sink->recover().ok(); }));
}

}  // namespace
}  // namespace thalweg
