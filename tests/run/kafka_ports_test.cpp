// What a pipeline file makes of Kafka's settings.
#include "run/kafka_ports.h"

#include <gtest/gtest.h>

namespace thalweg {
namespace {

using namespace std::chrono_literals;

PipelineFile file_with(const std::string& kafka) {
  auto file = read_pipeline_text("pipeline: p\nfrom: {topic: in, start: earliest, kafka: {" +
                                     kafka + "}}\nto: {topic: out, value: input}\n",
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

}  // namespace
}  // namespace thalweg
