// What the group sees of a process that goes: nobody may have to wait for a member that is no more.
#include <cstdlib>
#include <set>
#include <sstream>

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
  // Of the protocol of KIP-848 it is the broker's to say.
  void set_session(const std::string& protocol, int ms) const {
    if (protocol != "kip848") return;
    const std::string line = fmt::format(
        "{}/script/kafka configs --broker {} --alter --entity-type groups --entity-name {} "
        "--add-config consumer.session.timeout.ms={},consumer.heartbeat.interval.ms=500 "
        ">/dev/null 2>&1",
        THALWEG_SOURCE_DIR, brokers_, group_, ms);
    ASSERT_EQ(std::system(line.c_str()), 0) << line;  // NOLINT: no input of others
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

TEST_F(GroupBroker, A_static_member_without_a_partition_keeps_its_place_when_it_stops) {
  use(brokers_, 1);
  const auto settings = [](const std::string& name) {
    return std::vector<std::string>{"from.kafka.session.timeout.ms=120000",
                                    "from.kafka.group.instance.id=" + name};
  };
  const auto busy = run(settings("busy"));
  ASSERT_TRUE(says(*busy, "worker.assigned")) << busy->err();
  const auto idle = run(settings("idle"));
  ASSERT_TRUE(says(*idle, "worker.assigned")) << idle->err();
  ASSERT_TRUE(test::eventually([&] { return members() == 2; }));
  EXPECT_EQ(idle->stop(), 0) << idle->err();
  EXPECT_EQ(members(), 2);
  EXPECT_EQ(busy->stop(), 0) << busy->err();
  EXPECT_EQ(members(), 2);
}

// The first one is killed while it finishes a batch that the second one's coming takes from it: with the cooperative protocol what it gives
// away would be nobody's then, since its successor takes its place without a rebalance.
TEST_F(GroupBroker, A_static_member_that_is_killed_in_a_rebalance_leaves_no_partition_to_nobody) {
  slow_ = "0ms, hang_when: negative, hang_for: 8s";
  use(brokers_, 4);
  const auto settings = [](const std::string& name) {
    return std::vector<std::string>{"from.kafka.session.timeout.ms=60000",
                                    "from.kafka.heartbeat.interval.ms=300",
                                    "from.kafka.group.instance.id=" + name};
  };
  auto first = run(settings("first"));
  ASSERT_TRUE(says(*first, "assigned " + in_)) << first->err();
  EXPECT_EQ(first->count_in_err("\"source.static_member\""), 1U) << first->err();
  std::vector<test::TestMessage> stalling;
  for (int p = 0; p < 4; ++p)
    stalling.push_back({.value = R"({"n":1,"x":-1})", .key = "stall", .partition = p});
  test::produce(brokers_, in_, stalling);
  const auto second = run(settings("second"));
  ASSERT_TRUE(test::eventually([&] { return members() == 2; })) << second->err();
  // Now the first one hears of it, and finishes the batch before it answers.
  (void)says(*second, "worker.assigned", std::chrono::seconds(3));
  first->signal(SIGKILL);
  (void)first->wait();
  slow_ = "0ms";
  write_file();
  first = run(settings("first"));
  send(0, 400);
  test::Reader reader(brokers_, out_, 4);
  EXPECT_TRUE(reader.until([](const auto& all) { return keys(all).size() == 401; }))
      << first->err() << second->err();
  EXPECT_EQ(first->stop(), 0) << first->err();
  EXPECT_EQ(second->stop(), 0) << second->err();
  EXPECT_EQ(committed_records(), 404);
}

// Under KIP-848 the broker lets no successor in before the session of who was killed is over.
TEST_F(GroupBroker,
       A_static_member_that_is_killed_under_KIP_848_is_let_in_when_its_session_is_over) {
  use(brokers_, 2);
  set_session("kip848", 6000);
  const std::vector<std::string> settings{"from.kafka.group.instance.id=only",
                                          "from.kafka.group.protocol=consumer"};
  auto only = run(settings);
  ASSERT_TRUE(says(*only, "assigned " + in_)) << only->err();
  only->signal(SIGKILL);
  (void)only->wait();
  send(0, 100);
  only = run(settings);
  ASSERT_TRUE(says(*only, "its name is still taken")) << only->err();
  test::Reader reader(brokers_, out_, 2);
  EXPECT_TRUE(reader.until_count(100)) << only->err();
  EXPECT_EQ(only->count_in_err("its name is still taken"), 1U) << only->err();
  EXPECT_EQ(only->count_in_err("'only-0' was let into"), 1U) << only->err();
  EXPECT_EQ(only->stop(), 0) << only->err();
  EXPECT_EQ(committed_records(), 100);
}

TEST_F(GroupBroker, A_static_member_that_comes_to_a_group_of_others_is_told_what_to_set) {
  const auto other = run();
  ASSERT_TRUE(says(*other, "assigned " + in_)) << other->err();
  const auto member = run({"from.kafka.group.instance.id=one"});
  EXPECT_EQ(member->wait(), 3) << member->err();
  EXPECT_GE(member->count_in_err("set the same one for all"), 1U) << member->err();
  EXPECT_EQ(other->stop(), 0) << other->err();
}

// protocol, how the process ends
using Restart = std::pair<std::string, int>;
class StaticGroupBroker : public GroupBroker, public testing::WithParamInterface<Restart> {
 protected:
  [[nodiscard]] std::unique_ptr<test::Command> start(const std::string& name) const {
    std::vector<std::string> settings{"from.kafka.group.instance.id=" + name};
    const std::string& protocol = GetParam().first;
    if (protocol == "kip848") {
      settings.emplace_back("from.kafka.group.protocol=consumer");
    } else {
      settings.insert(settings.end(), {"from.kafka.session.timeout.ms=60000",
                                       "from.kafka.heartbeat.interval.ms=300"});
    }
    if (protocol == "cooperative")
      settings.emplace_back("from.kafka.partition.assignment.strategy=cooperative-sticky");
    return run(settings);
  }
  // What it holds, by its log.
  [[nodiscard]] std::set<int> held(const test::Command& command) const {
    std::set<int> all;
    std::istringstream lines(command.err());
    for (std::string line; std::getline(lines, line);) {
      const bool comes = line.find("\"worker.assigned\"") != std::string::npos;
      const bool goes = line.find("\"worker.revoked\"") != std::string::npos ||
                        line.find("\"worker.lost\"") != std::string::npos;
      for (int p = 0; p < partitions_; ++p) {
        if (line.find(fmt::format("{}[{}]", in_, p)) == std::string::npos) continue;
        if (comes) all.insert(p);
        if (goes) all.erase(p);
      }
    }
    return all;
  }
  static std::size_t rebalances(const test::Command& command) {
    return command.count_in_err("\"worker.assigned\"") +
           command.count_in_err("\"worker.revoked\"") + command.count_in_err("\"worker.lost\"");
  }
};

TEST_P(StaticGroupBroker, A_process_that_is_started_again_gets_its_partitions_and_moves_no_others) {
  use(brokers_, 4);
  set_session(GetParam().first, 6000);
  auto first = start("first");
  const auto other = start("other");
  ASSERT_TRUE(test::eventually([&] {
    return held(*first).size() == 2 && held(*other).size() == 2;
  })) << first->err()
      << other->err();
  const auto before = held(*first);
  const std::size_t rebalances_before = rebalances(*other);
  const int signal = GetParam().second;
  first->signal(signal);
  EXPECT_EQ(first->wait(), signal == SIGTERM ? 0 : 128 + signal) << first->err();
  send(0, 400);
  first = start("first");
  test::Reader reader(brokers_, out_, 4);
  EXPECT_TRUE(reader.until_count(400)) << first->err() << other->err();
  EXPECT_EQ(held(*first), before) << first->err();
  EXPECT_EQ(rebalances(*other), rebalances_before) << other->err();
  EXPECT_EQ(first->stop(), 0) << first->err();
  EXPECT_EQ(other->stop(), 0) << other->err();
  EXPECT_EQ(committed_records(), 400);
}

INSTANTIATE_TEST_SUITE_P(Restarts, StaticGroupBroker,
                         testing::Values(Restart{"range", SIGTERM}, Restart{"range", SIGKILL},
                                         Restart{"cooperative", SIGTERM},
                                         Restart{"cooperative", SIGKILL},
                                         Restart{"kip848", SIGTERM}),
                         [](const auto& info) {
                           return info.param.first +
                                  (info.param.second == SIGTERM ? "_stopped" : "_killed");
                         });

// timeout(1) does so, and whatever signals a whole process group.
TEST_F(GroupBroker, A_stop_that_is_said_twice_at_once_is_a_clean_stop) {
  const auto command = run({"from.kafka.session.timeout.ms=120000"});
  ASSERT_TRUE(says(*command, "worker.assigned")) << command->err();
  for (const int signal : {SIGTERM, SIGTERM, SIGINT}) command->signal(signal);
  EXPECT_EQ(command->wait(), 0) << command->err();
  EXPECT_EQ(members(), 0);
}

TEST_F(GroupBroker, A_stop_that_is_said_again_later_ends_the_process_at_once) {
  slow_ = "20ms, hang_when: negative, hang_for: 10m";
  write_file();
  test::produce(brokers_, in_, {{.value = R"({"n":1,"x":-1})", .key = "1", .partition = 0}});
  const auto command = run({"watchdog.report_after=1s"});
  ASSERT_TRUE(says(*command, "model.slow_call")) << command->err();
  command->signal(SIGTERM);
  ASSERT_TRUE(says(*command, "process.stopping")) << command->err();
  ASSERT_TRUE(test::eventually([&] {
    command->signal(SIGTERM);
    return !command->running();
  }));
  EXPECT_EQ(command->wait(), 128 + SIGTERM) << command->err();
}

TEST_F(GroupBroker, A_stop_while_a_call_hangs_ends_by_itself_and_says_why) {
  slow_ = "20ms, hang_when: negative, hang_for: 10m";
  write_file();
  test::produce(brokers_, in_, {{.value = R"({"n":1,"x":-1})", .key = "1", .partition = 0}});
  const auto command = run({"watchdog.report_after=1s", "shutdown_timeout=1s"});
  ASSERT_TRUE(says(*command, "model.slow_call")) << command->err();
  command->signal(SIGTERM);
  EXPECT_EQ(command->wait(), 6) << command->err();
  EXPECT_EQ(command->count_in_err("\"process.overdue\""), 1U) << command->err();
  EXPECT_EQ(committed_records(), 0);
}

// The coordinator answers a member that joins again only when all others have, and one of them sleeps: neither the last commit nor the
// farewell comes through.
TEST_F(GroupBroker, A_stop_in_a_rebalance_that_does_not_end_ends_by_itself_and_loses_nothing) {
  use(brokers_, 4);
  const std::vector<std::string> settings{"from.kafka.session.timeout.ms=60000",
                                          "from.kafka.heartbeat.interval.ms=300",
                                          "shutdown_timeout=1s", "commit_interval=1h"};
  const auto sleeper = run(settings);
  ASSERT_TRUE(says(*sleeper, "worker.assigned")) << sleeper->err();
  const auto leaver = run(settings);
  ASSERT_TRUE(says(*leaver, "assigned " + in_)) << leaver->err();
  send(0, 400);
  test::Reader reader(brokers_, out_, 4);
  ASSERT_TRUE(reader.until_count(400)) << leaver->err();
  sleeper->signal(SIGSTOP);
  const auto newcomer = run(settings);
  ASSERT_TRUE(test::eventually([&] { return members() == 3; }));
  (void)reader.until([](const auto&) { return false; }, std::chrono::seconds(2));  // heartbeats
  leaver->signal(SIGTERM);
  EXPECT_EQ(leaver->wait(), 4) << leaver->err();
  EXPECT_EQ(leaver->count_in_err("\"process.overdue\""), 1U) << leaver->err();
  sleeper->signal(SIGCONT);
  send(400, 100);
  EXPECT_TRUE(reader.until([](const auto& all) { return keys(all).size() == 500; },
                           std::chrono::seconds(180)))
      << sleeper->err() << newcomer->err();
  EXPECT_EQ(sleeper->stop(), 0) << sleeper->err();
  EXPECT_EQ(newcomer->stop(), 0) << newcomer->err();
  EXPECT_EQ(committed_records(), 500);
}

}  // namespace
}  // namespace thalweg
