// Asking a cluster about topics and groups; once on the embedded one, once on a real broker.
#include "kafka/admin.h"

#include <gtest/gtest.h>

#include "kafka/embedded_cluster.h"
#include "support/mock_cluster.h"

namespace thalweg::kafka {
namespace {

using namespace std::chrono_literals;

Admin admin_of(const std::string& brokers, LogSink log = {}) {
  auto config = make_config(Pairs{{"bootstrap.servers", brokers}});
  auto admin = Admin::make(*config, std::move(log));
  return *std::move(admin);
}

TEST(Admin, Tells_partitions_and_that_a_topic_is_missing) {
  auto cluster = EmbeddedCluster::start();
  ASSERT_TRUE(cluster);
  ASSERT_TRUE((*cluster)->create_topic("tweets", 3));
  Admin admin = admin_of((*cluster)->bootstrap());
  auto there = admin.topic("tweets", 10s);
  ASSERT_TRUE(there && *there);
  EXPECT_EQ((*there)->partitions, 3);
  auto missing = admin.topic("tweet", 10s);
  ASSERT_TRUE(missing) << missing.error().message();
  EXPECT_FALSE(*missing) << "asking must not create it";
  const Error error = topic_missing_error(admin.client(), "tweet", "b:1", "");
  EXPECT_NE(error.message().find("tweets"), std::string::npos) << error.message();
}

TEST(Admin, Names_the_brokers) {
  auto cluster = EmbeddedCluster::start(2);
  Admin admin = admin_of((*cluster)->bootstrap());
  auto info = admin.cluster(10s);
  ASSERT_TRUE(info) << info.error().message();
  EXPECT_EQ(info->brokers.size(), 2U);
}

TEST(Admin, A_broker_that_is_not_there_is_unreachable_within_the_time_given) {
  test::LogLines lines;
  Admin admin = admin_of("127.0.0.1:1", lines.sink());
  const auto began = std::chrono::steady_clock::now();
  auto info = admin.topic("tweets", 700ms);
  ASSERT_FALSE(info);
  EXPECT_EQ(info.error().code(), Code::broker_unreachable);
  EXPECT_NE(info.error().message().find("Connection refused"), std::string::npos)
      << info.error().message();
  EXPECT_LT(std::chrono::steady_clock::now() - began, 20s);
  EXPECT_LE(lines.count(LogLevel::warn), 1U);
}

// The answers a cluster gives to its very first group.
TEST(Admin, The_backlog_waits_for_a_coordinator_that_is_being_made) {
  auto cluster = EmbeddedCluster::start();
  ASSERT_TRUE(cluster);
  ASSERT_TRUE((*cluster)->create_topic("tweets", 2));
  rd_kafka_mock_push_request_errors((*cluster)->mock(), 9 /* OffsetFetch */, 2,
                                    RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
                                    RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS);
  Admin admin = admin_of((*cluster)->bootstrap());
  auto backlog = admin.backlog("first", "tweets", 20s);
  ASSERT_TRUE(backlog) << backlog.error().message();
  ASSERT_EQ(backlog->size(), 2U);
  EXPECT_FALSE((*backlog)[0].committed);
}

class AdminBroker : public testing::Test {
 protected:
  void SetUp() override {
    if (test::real_broker().empty()) GTEST_SKIP() << "THALWEG_TEST_KAFKA names no broker";
  }
};

TEST_F(AdminBroker, Creates_a_topic_with_settings_and_finds_it_at_once) {
  Admin admin = admin_of(test::real_broker());
  const std::string topic = test::unique("admin");
  ASSERT_TRUE(admin.create({topic, 3, 1, {{"max.message.bytes", "5000"}}}, 20s));
  auto info = admin.topic(topic, 10s);
  ASSERT_TRUE(info && *info);
  EXPECT_EQ((*info)->partitions, 3);
  EXPECT_EQ((*info)->replication_factor, 1);
  auto setting = topic_setting(admin.client(), topic, "max.message.bytes", 10s);
  ASSERT_TRUE(setting) << setting.error().message();
  EXPECT_EQ(*setting, "5000");
  EXPECT_TRUE(admin.create({topic, 3, 1, {}}, 20s)) << "there already is fine";
  const Status bad = admin.create({test::unique("admin"), 3, 99, {}}, 20s);
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code(), Code::config_invalid) << bad.error().message();
}

TEST_F(AdminBroker, The_backlog_of_a_new_group_is_the_whole_topic) {
  Admin admin = admin_of(test::real_broker());
  const std::string topic = test::unique("backlog");
  ASSERT_TRUE(admin.create({topic, 2, 1, {}}, 20s));
  test::produce(test::real_broker(), topic,
                {{.value = "a", .partition = 0},
                 {.value = "b", .partition = 0},
                 {.value = "c", .partition = 1}});
  auto backlog = admin.backlog(test::unique("group"), topic, 10s);
  ASSERT_TRUE(backlog) << backlog.error().message();
  ASSERT_EQ(backlog->size(), 2U);
  EXPECT_EQ((*backlog)[0].records(), 2);
  EXPECT_EQ((*backlog)[1].records(), 1);
  EXPECT_FALSE((*backlog)[0].committed);
  auto missing = admin.backlog("g", topic + "x", 10s);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code(), Code::topic_missing);
}

}  // namespace
}  // namespace thalweg::kafka
