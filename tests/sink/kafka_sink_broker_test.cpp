// The Kafka sink against a real broker: topics made and limited by it.
#include <gtest/gtest.h>

#include "sink/kafka_sink.h"
#include "support/mock_cluster.h"
#include "support/topic_config.h"

namespace thalweg {
namespace {

using namespace std::chrono_literals;

// Apache Kafka's (LogValidator), and before the partition's name.
const std::string no_key = "Compacted topic cannot accept message without key in topic partition ";

class KafkaSinkBroker : public testing::Test {
 protected:
  void SetUp() override {
    if (test::real_broker().empty()) GTEST_SKIP() << "THALWEG_TEST_KAFKA names no broker";
  }
  std::unique_ptr<KafkaSink> make(std::optional<kafka::TopicSpec> create, kafka::Pairs more = {}) {
    KafkaSinkOptions o;
    more.emplace_back("bootstrap.servers", test::real_broker());
    o.kafka = *kafka::make_config(more);
    o.create_missing = std::move(create);
    o.log = lines.sink();
    auto sink = KafkaSink::make(o);
    EXPECT_TRUE(sink);
    return *std::move(sink);
  }
  test::LogLines lines;
  test::RecordingDelivery delivery;
};

TEST_F(KafkaSinkBroker, A_missing_topic_is_created_when_it_may_be_and_written_at_once) {
  const std::string topic = test::unique("made");
  auto sink = make(kafka::TopicSpec{"", 3, 1, {{"cleanup.policy", "compact"}}});
  ASSERT_TRUE(sink->add_target(topic));
  OutputRecord o;
  o.key = "k";
  o.value = "v";
  o.listener = &delivery;
  ASSERT_TRUE(sink->send(o));
  ASSERT_TRUE(sink->flush(10s));
  EXPECT_EQ(delivery.ok(), 1U);
  auto info = kafka::topic_info(sink->client(), kafka::Health("b", kafka::Log({})), topic, 5s);
  ASSERT_TRUE(info && *info);
  EXPECT_EQ((*info)->partitions, 3);
}

TEST_F(KafkaSinkBroker, A_missing_topic_is_an_error_when_it_may_not_be_made) {
  auto sink = make(std::nullopt);
  auto target = sink->add_target(test::unique("missing"));
  ASSERT_FALSE(target);
  EXPECT_EQ(target.error().code(), Code::topic_missing);
}

TEST_F(KafkaSinkBroker,
       An_output_larger_than_the_topic_takes_is_refused_and_its_neighbours_are_written) {
  const std::string topic = test::unique("small");
  auto sink =
      make(kafka::TopicSpec{"", 1, 1, {{"max.message.bytes", "20000"}}}, {{"batch.size", "20000"}});
  ASSERT_TRUE(sink->add_target(topic));
  const std::string large(50'000, 'x');
  const std::string small(100, 'y');
  std::vector<OutputRecord> outputs(201);
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    outputs[i].value = i == 100 ? large : small;
    outputs[i].listener = &delivery;
    ASSERT_TRUE(sink->send(outputs[i])) << "below message.max.bytes: the client takes it";
  }
  ASSERT_TRUE(sink->flush(20s));
  ASSERT_EQ(delivery.failures().size(), 1U);
  EXPECT_EQ(delivery.failures()[0].first, &outputs[100]);
  EXPECT_EQ(delivery.failures()[0].second.code(), Code::output_refused);
  EXPECT_EQ(delivery.ok(), 200U);
  EXPECT_EQ(test::consume(test::real_broker(), topic, 200).size(), 200U);
}

TEST_F(KafkaSinkBroker, What_a_topic_takes_by_default_our_producer_takes_too) {
  const std::string topic = test::unique("near");
  auto sink = make(kafka::TopicSpec{"", 1, 1, {}});
  ASSERT_TRUE(sink->add_target(topic));
  const std::string near(1'048'400, 'x');
  const std::string over(1'048'700, 'x');
  std::vector<OutputRecord> outputs(2);
  outputs[0].value = near;
  outputs[1].value = over;
  for (OutputRecord& o : outputs) {
    o.listener = &delivery;
    ASSERT_TRUE(sink->send(o)) << "the topic's limit decides, not ours";
  }
  ASSERT_TRUE(sink->flush(20s));
  EXPECT_EQ(delivery.ok(), 1U);
  ASSERT_EQ(delivery.failures().size(), 1U);
  EXPECT_EQ(delivery.failures()[0].first, &outputs[1]);
  const Error error = delivery.failures()[0].second;
  EXPECT_EQ(error.code(), Code::output_refused);
  EXPECT_NE(error.message().find("max.message.bytes of the topic"), std::string::npos)
      << error.message();
  EXPECT_EQ(lines.count(kafka::LogLevel::warn), 0U) << "it stood in a batch of its own";
}

TEST_F(KafkaSinkBroker, When_a_topics_limit_is_lowered_only_what_is_larger_itself_is_refused) {
  const std::string topic = test::unique("lowered");
  auto sink = make(kafka::TopicSpec{"", 2, 1, {}});
  ASSERT_TRUE(sink->add_target(topic));
  std::vector<std::string> values;
  for (int i = 0; i < 50'000; ++i) values.push_back(std::to_string(i) + std::string(100, 'y'));
  values[40'000] = std::string(8'000, 'x');
  std::vector<OutputRecord> outputs(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    outputs[i].value = values[i];
    outputs[i].listener = &delivery;
  }
  for (std::size_t i = 0; i < 10'000; ++i) ASSERT_TRUE(sink->send(outputs[i]));
  ASSERT_TRUE(sink->flush(20s));
  test::set_topic_config(test::real_broker(), topic, "max.message.bytes", "5000");
  for (std::size_t i = 10'000; i < values.size(); ++i) {
    while (!sink->send(outputs[i])) sink->poll();
  }
  ASSERT_TRUE(sink->flush(60s));
  EXPECT_EQ(delivery.ok(), 49'999U);
  ASSERT_EQ(delivery.failures().size(), 1U);
  EXPECT_EQ(delivery.failures()[0].first, &outputs[40'000]);
  EXPECT_EQ(delivery.failures()[0].second.code(), Code::output_refused);
  EXPECT_EQ(lines.count(kafka::LogLevel::warn, "one by one"), 1U);
  EXPECT_EQ(test::consume(test::real_broker(), topic, 49'999).size(), 49'999U);
}

TEST_F(KafkaSinkBroker, A_topic_that_takes_less_than_our_batches_is_a_configuration_error) {
  const std::string topic = test::unique("small");
  auto sink = make(kafka::TopicSpec{"", 1, 1, {{"max.message.bytes", "20000"}}});
  auto target = sink->add_target(topic);
  ASSERT_FALSE(target);
  EXPECT_EQ(target.error().code(), Code::config_invalid);
  EXPECT_NE(target.error().message().find("batch.size: 20000"), std::string::npos)
      << target.error().message();
}

TEST_F(KafkaSinkBroker,
       A_record_without_key_is_refused_by_a_compacted_topic_and_its_company_is_not) {
  const std::string topic = test::unique("compacted");
  auto sink =
      make(kafka::TopicSpec{"", 1, 1, {{"cleanup.policy", "compact"}}}, {{"linger.ms", "50"}});
  ASSERT_TRUE(sink->add_target(topic));
  std::vector<OutputRecord> outputs(20);
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (i != 7) outputs[i].key = "k";
    outputs[i].value = "v";
    outputs[i].listener = &delivery;
    ASSERT_TRUE(sink->send(outputs[i]));
  }
  ASSERT_TRUE(sink->flush(20s));
  ASSERT_EQ(delivery.failures().size(), 1U);
  EXPECT_EQ(delivery.failures()[0].first, &outputs[7]);
  const Error error = delivery.failures()[0].second;
  EXPECT_EQ(error.code(), Code::output_refused) << error.message();
  EXPECT_NE(error.message().find(no_key + topic + "-0"), std::string::npos)
      << "the broker's own words: " << error.message();
  EXPECT_EQ(delivery.ok(), 19U);
}

TEST_F(KafkaSinkBroker, Each_of_several_refused_outputs_has_the_brokers_words) {
  const std::string topic = test::unique("compacted");
  auto sink =
      make(kafka::TopicSpec{"", 1, 1, {{"cleanup.policy", "compact"}}}, {{"linger.ms", "50"}});
  ASSERT_TRUE(sink->add_target(topic));
  std::vector<OutputRecord> outputs(20);
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (i % 5 != 0) outputs[i].key = "k";
    outputs[i].value = "v";
    outputs[i].listener = &delivery;
    ASSERT_TRUE(sink->send(outputs[i]));
  }
  ASSERT_TRUE(sink->flush(20s));
  ASSERT_EQ(delivery.failures().size(), 4U);
  for (const auto& [output, error] : delivery.failures())
    EXPECT_NE(error.message().find(no_key), std::string::npos) << error.message();
  EXPECT_EQ(delivery.ok(), 16U);
}

}  // namespace
}  // namespace thalweg
