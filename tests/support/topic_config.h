// Changing a topic's setting while it is in use, as an operator would.
#pragma once

#include <string>

#include <gtest/gtest.h>

#include "kafka/admin.h"
#include "kafka/admin_request.h"

namespace thalweg::test {

inline void set_topic_config(const std::string& brokers, const std::string& topic,
                             const std::string& name, const std::string& value) {
  using namespace std::chrono_literals;
  auto admin = kafka::Admin::make(*kafka::make_config(kafka::Pairs{{"bootstrap.servers", brokers}}),
                                  [](kafka::LogLevel, std::string_view) {});
  ASSERT_TRUE(admin);
  const kafka::Handle<rd_kafka_ConfigResource_t, rd_kafka_ConfigResource_destroy> resource(
      rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str()));
  const kafka::ErrorHandle failed(rd_kafka_ConfigResource_add_incremental_config(
      resource.get(), name.c_str(), RD_KAFKA_ALTER_CONFIG_OP_TYPE_SET, value.c_str()));
  ASSERT_FALSE(failed);
  kafka::AdminRequest request(admin->client(), RD_KAFKA_ADMIN_OP_INCREMENTALALTERCONFIGS, 10s);
  rd_kafka_ConfigResource_t* resources[] = {resource.get()};
  rd_kafka_IncrementalAlterConfigs(admin->client(), resources, 1, request.options(),
                                   request.queue());
  ASSERT_TRUE(request.wait());
  ASSERT_EQ(*kafka::topic_setting(admin->client(), topic, name, 10s), value);
}

}  // namespace thalweg::test
