// What the group sees of a process that goes: nobody may have to wait for a member that is no more.
#include "kafka/admin.h"
#include "pipelines/support/broker_pipeline.h"

namespace thalweg {
namespace {

class GroupBroker : public test::BrokerPipeline {
 protected:
  // As the coordinator sees it; -1: it does not say.
  [[nodiscard]] int members() const {
    auto config = kafka::make_config(kafka::Pairs{{"bootstrap.servers", brokers_}});
    auto admin = kafka::Admin::make(*config, [](kafka::LogLevel, std::string_view) {});
    const rd_kafka_group_list* groups = nullptr;
    if (rd_kafka_list_groups(admin->client(), group_.c_str(), &groups, 10'000) !=
        RD_KAFKA_RESP_ERR_NO_ERROR)
      return -1;
    const int count = groups->group_cnt == 1 ? groups->groups[0].member_cnt : -1;
    rd_kafka_group_list_destroy(groups);
    return count;
  }
};

TEST_F(GroupBroker, A_member_without_a_partition_says_that_it_leaves) {
  use(brokers_, 1);
  // Longer than the test: who leaves without a word stays a member.
  const std::vector<std::string> settings{"from.kafka.session.timeout.ms=120000"};
  const auto busy = run(settings);
  ASSERT_TRUE(says(*busy, "worker.assigned")) << busy->err();
  const auto idle = run(settings);
  ASSERT_TRUE(says(*idle, "worker.assigned")) << idle->err();
  ASSERT_TRUE(test::eventually([&] { return members() == 2; }));
  EXPECT_EQ(idle->stop(), 0) << idle->err();
  EXPECT_EQ(members(), 1);
  EXPECT_EQ(busy->stop(), 0) << busy->err();
  EXPECT_EQ(members(), 0);
}

}  // namespace
}  // namespace thalweg
