// librdkafka's properties: which are known, whose they are, and what an error shows.
#include "kafka/config.h"

#include <memory>

#include <gtest/gtest.h>

#include "kafka/properties.h"

namespace thalweg::kafka {
namespace {

Property at_line(std::string name, std::string value, int line = 4, bool secret = false) {
  return {std::move(name), std::move(value),
          Where{std::make_shared<const std::string>("p.yaml"), line, 1}, secret};
}

const Property brokers = at_line("bootstrap.servers", "b:9092");

std::string error_of(std::vector<Property> shared, std::vector<Property> consumer = {},
                     std::vector<Property> producer = {}) {
  shared.push_back(brokers);
  auto config = make_config(std::move(shared), std::move(consumer), std::move(producer));
  EXPECT_FALSE(config);
  return config ? "" : config.error().message();
}

std::string value_in(const ConfHandle& conf, const char* name) {
  char text[256];
  std::size_t size = sizeof text;
  return rd_kafka_conf_get(conf.get(), name, text, &size) == RD_KAFKA_CONF_OK ? text : "(none)";
}

TEST(KafkaConfig, A_misspelt_property_is_named_with_its_line_and_the_nearest_name) {
  const std::string text = error_of({at_line("fetch.wait.max.m", "5")});
  EXPECT_NE(text.find("p.yaml:4"), text.npos) << text;
  EXPECT_NE(text.find("fetch.wait.max.ms"), text.npos) << text;
}

TEST(KafkaConfig, A_wrong_value_is_named_with_its_line) {
  const std::string text = error_of({at_line("fetch.wait.max.ms", "soon", 7)});
  EXPECT_NE(text.find("p.yaml:7"), text.npos) << text;
  EXPECT_NE(text.find("'soon'"), text.npos) << text;
}

TEST(KafkaConfig, A_secret_never_stands_in_an_error) {
  for (const auto& p : {at_line("sasl.oauthbearer.client.credentials.client.secret.x", "hunter2"),
                        at_line("security.protocol", "hunter2", 4, true)}) {
    auto config = make_config({brokers, p});
    if (config) continue;
    EXPECT_EQ(config.error().message().find("hunter2"), std::string::npos)
        << config.error().message();
  }
  EXPECT_TRUE(is_secret("sasl.password"));
  EXPECT_TRUE(is_secret("sasl.oauthbearer.client.secret"));
  EXPECT_FALSE(is_secret("sasl.username"));
}

TEST(KafkaConfig, The_times_of_a_transaction_are_free_only_where_there_are_some) {
  for (const char* name : {"transaction.timeout.ms", "message.timeout.ms"}) {
    const Property p = at_line(name, "5000");
    EXPECT_FALSE(make_config({brokers, p})) << name;
    EXPECT_TRUE(make_config({brokers, p}, {}, {}, Transactions::yes)) << name;
  }
  for (const char* name : {"transactional.id", "enable.idempotence", "acks"})
    EXPECT_FALSE(make_config({brokers, at_line(name, "1")}, {}, {}, Transactions::yes)) << name;
}

TEST(KafkaConfig, What_the_promises_rest_on_is_refused_with_the_reason) {
  EXPECT_NE(error_of({at_line("enable.auto.commit", "true")}).find("acknowledged"),
            std::string::npos);
  EXPECT_NE(error_of({at_line("auto.offset.reset", "earliest")}).find("start"), std::string::npos);
  EXPECT_NE(error_of({}, {}, {at_line("acks", "1")}).find("in-sync"), std::string::npos);
}

TEST(KafkaConfig, A_property_of_the_other_role_is_refused_where_it_cannot_matter) {
  EXPECT_NE(error_of({}, {at_line("linger.ms", "5")}).find("producer's"), std::string::npos);
  EXPECT_NE(error_of({}, {}, {at_line("fetch.wait.max.ms", "5")}).find("consumer's"),
            std::string::npos);
}

TEST(KafkaConfig, Shared_properties_reach_only_the_clients_that_know_them) {
  auto config = make_config({brokers, at_line("linger.ms", "7"), at_line("fetch.wait.max.ms", "8"),
                             at_line("socket.timeout.ms", "9000")});
  ASSERT_TRUE(config);
  auto consumer = make_conf(*config, Role::consumer, {}, {});
  auto producer = make_conf(*config, Role::producer, {}, {});
  ASSERT_TRUE(consumer && producer);
  EXPECT_EQ(value_in(*consumer, "fetch.wait.max.ms"), "8");
  EXPECT_EQ(value_in(*producer, "fetch.wait.max.ms"), "500");
  EXPECT_EQ(value_in(*producer, "linger.ms"), "7");
  EXPECT_EQ(value_in(*consumer, "linger.ms"), "5");
  EXPECT_EQ(value_in(*consumer, "socket.timeout.ms"), "9000");
  EXPECT_EQ(value_in(*producer, "socket.timeout.ms"), "9000");
}

TEST(KafkaConfig, Own_properties_win_over_shared_ones_and_both_over_the_defaults) {
  auto config = make_config({brokers, at_line("fetch.wait.max.ms", "8")},
                            {at_line("fetch.wait.max.ms", "9")});
  ASSERT_TRUE(config);
  auto conf = make_conf(*config, Role::consumer,
                        {{"fetch.wait.max.ms", "7"}, {"fetch.min.bytes", "2"}}, {});
  ASSERT_TRUE(conf);
  EXPECT_EQ(value_in(*conf, "fetch.wait.max.ms"), "9");
  EXPECT_EQ(value_in(*conf, "fetch.min.bytes"), "2");
}

TEST(KafkaConfig, Without_brokers_it_says_what_to_write) {
  auto config = make_config(Pairs{});
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().code(), Code::config_invalid);
  EXPECT_NE(config.error().message().find("bootstrap.servers"), std::string::npos);
  EXPECT_TRUE(make_config(Pairs{{"metadata.broker.list", "b:1"}}));
}

TEST(KafkaConfig, The_table_of_names_is_librdkafkas_own) {
  EXPECT_EQ(scope_of("bootstrap.servers"), Scope::both);
  EXPECT_EQ(scope_of("linger.ms"), Scope::producer);
  EXPECT_EQ(scope_of("group.protocol"), Scope::consumer);
  EXPECT_EQ(scope_of("compression.codec"), Scope::producer);  // in the global and in the topic part
  EXPECT_EQ(scope_of("no.such"), Scope::unknown);
  EXPECT_GT(property_names().size(), 100U);
}

}  // namespace
}  // namespace thalweg::kafka
