// What a pipeline file makes of Kafka's settings.
#include "run/kafka_ports.h"

#include <gtest/gtest.h>

namespace thalweg {
namespace {

using namespace std::chrono_literals;

PipelineFile file_with(const std::string& kafka, const std::string& more = "") {
  auto file = read_pipeline_text("pipeline: p\nfrom: {topic: in, start: earliest, kafka: {" +
                                     kafka + "}}\nto: {topic: out, value: input}\n" + more,
                                 "p.yaml");
  EXPECT_TRUE(file.ok()) << file.error().message();
  return std::move(file).value();
}

kafka::Config config_with(const std::string& kafka) {
  return kafka_config_of(file_with(kafka)).value();
}

TEST(KafkaPorts, A_step_of_a_rebalance_takes_a_third_of_the_poll_interval_and_ten_seconds_at_most) {
  EXPECT_EQ(rebalance_step_timeout(config_with("")), 10s);
  EXPECT_EQ(rebalance_step_timeout(config_with("max.poll.interval.ms: 6000")), 2s);
  EXPECT_EQ(rebalance_step_timeout(config_with("max.poll.interval.ms: 900000")), 10s);
  Log log(LogLevel::error, LogFormat::json);
  const auto options = kafka_source_options(file_with("max.poll.interval.ms: 6000"), 0, log);
  ASSERT_TRUE(options.ok());
  EXPECT_EQ(options->commit_timeout, 2s);
  EXPECT_EQ(options->lookup_timeout, 2s);
}

TEST(KafkaPorts, Who_waits_for_committed_offsets_lets_no_open_transaction_run_out) {
  Log log(LogLevel::error, LogFormat::json);
  const auto lookup_timeout = [&](const std::string& more) {
    const auto options =
        kafka_source_options(file_with("", "delivery: exactly_once\n" + more), 0, log);
    EXPECT_TRUE(options.ok());
    return options->lookup_timeout;
  };
  EXPECT_EQ(lookup_timeout(""), 2500ms) << "a transaction lives ten seconds";
  EXPECT_EQ(lookup_timeout("kafka: {transaction.timeout.ms: 60000}\n"), 10s);
}

}  // namespace
}  // namespace thalweg
