// What librdkafka says, said once.
#include "kafka/log.h"

#include <gtest/gtest.h>

#include "kafka/errors.h"
#include "kafka/health.h"
#include "support/mock_cluster.h"

namespace thalweg::kafka {
namespace {

TEST(KafkaLog, Lines_that_differ_only_in_their_numbers_are_said_once) {
  test::LogLines lines;
  Log log(lines.sink());
  for (int i = 0; i < 50; ++i)
    log.from_client(4, "REQTMOUT", "Timed out " + std::to_string(i) + " in-flight requests");
  log.from_client(4, "REQTMOUT", "Disconnected");
  EXPECT_EQ(lines.lines().size(), 2U);
}

TEST(KafkaLog, Debug_lines_are_all_kept) {
  test::LogLines lines;
  Log log(lines.sink());
  for (int i = 0; i < 5; ++i) log.from_client(7, "CGRP", "state 1");
  EXPECT_EQ(lines.lines().size(), 5U);
}

TEST(KafkaHealth, An_outage_is_told_once_and_its_end_is_noted) {
  test::LogLines lines;
  Log log(lines.sink());
  Health health("b:9092", log);
  health.error(nullptr, RD_KAFKA_RESP_ERR__TRANSPORT,
               "b:9092/1: Connect failed: Connection refused (after 0ms in state CONNECT)");
  health.error(nullptr, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, "1/1 brokers are down");
  health.error(nullptr, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, "1/1 brokers are down");
  const auto error = health.take();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), Code::broker_unreachable);
  EXPECT_NE(error->message().find("Connection refused;"), std::string::npos) << error->message();
  EXPECT_FALSE(health.take());
  EXPECT_EQ(lines.count(LogLevel::warn), 0U) << "it is said by whoever took it";
  health.answered();
  health.answered();
  EXPECT_EQ(lines.count(LogLevel::info, "answers again"), 1U);
  health.error(nullptr, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, "1/1 brokers are down");
  EXPECT_TRUE(health.take()) << "the next outage is news again";
  EXPECT_FALSE(health.fatal());
}

TEST(KafkaHealth, Tells_how_long_nobody_has_answered) {
  Log log([](LogLevel, std::string_view) {});
  Health health("b:9092", log);
  EXPECT_EQ(health.down_for().count(), 0);
  health.error(nullptr, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, "1/1 brokers are down");
  EXPECT_TRUE(test::eventually([&] { return health.down_for() > std::chrono::milliseconds(2); }));
  health.answered();
  EXPECT_EQ(health.down_for().count(), 0);
}

TEST(KafkaHealth, A_refused_login_is_fatal_only_if_it_never_worked) {
  Log log([](LogLevel, std::string_view) {});
  Health fresh("b:9092", log);
  fresh.error(nullptr, RD_KAFKA_RESP_ERR__AUTHENTICATION, "SASL authentication error");
  ASSERT_TRUE(fresh.fatal());
  EXPECT_EQ(fresh.fatal()->code(), Code::broker_refused);
  Health used("b:9092", log);
  used.answered();
  used.error(nullptr, RD_KAFKA_RESP_ERR__AUTHENTICATION, "SASL authentication error");
  EXPECT_FALSE(used.fatal());
}

TEST(KafkaErrors, A_delivery_that_failed_because_of_its_company_is_tried_again) {
  EXPECT_EQ(delivery_code_of(RD_KAFKA_RESP_ERR_INVALID_RECORD), Code::output_refused);
  EXPECT_EQ(delivery_code_of(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE), Code::output_refused);
  EXPECT_EQ(delivery_code_of(RD_KAFKA_RESP_ERR__INVALID_DIFFERENT_RECORD), Code::delivery_failed);
  EXPECT_EQ(delivery_code_of(RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS), Code::delivery_failed);
  EXPECT_EQ(delivery_code_of(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED),
            Code::topic_unauthorized);
}

}  // namespace
}  // namespace thalweg::kafka
