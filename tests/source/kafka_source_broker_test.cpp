// The Kafka source in real groups: classic, cooperative and KIP-848; starts; what a slow member keeps.
#include "source/support/kafka_source_broker.h"

#include <set>

#include <gtest/gtest.h>

namespace thalweg {
namespace {

using namespace std::chrono_literals;
using test::eventually;
using test::KafkaSourceBroker;
using test::Member;
using test::produce;

// name, what the group is told
using Protocol = std::pair<std::string, kafka::Pairs>;
class KafkaGroupBroker : public KafkaSourceBroker, public testing::WithParamInterface<Protocol> {};

TEST_P(KafkaGroupBroker, Members_come_and_go_and_every_record_is_read_once) {
  write(0, 400);
  Member first(options(GetParam().second));
  first.open();
  ASSERT_TRUE(eventually([&] { return first.turn(), first.read.size() == 400; }));
  EXPECT_EQ(first.listener.held.size(), 4U);

  auto second = std::make_unique<Member>(options(GetParam().second));
  second->open();
  ASSERT_TRUE(eventually([&] {
    first.turn(), second->turn();
    return first.listener.held.size() == 2 && second->listener.held.size() == 2;
  }));
  write(400, 800);
  ASSERT_TRUE(eventually([&] {
    first.turn(), second->turn();
    return first.read.size() + second->read.size() >= 800;
  }));
  second->source.close();
  EXPECT_TRUE(second->listener.held.empty());
  ASSERT_TRUE(eventually([&] { return first.turn(), first.listener.held.size() == 4; }));
  write(800, 900);
  ASSERT_TRUE(
      eventually([&] { return first.turn(), first.read.size() + second->read.size() >= 900; }));

  std::multiset<std::string> all(first.read.begin(), first.read.end());
  all.insert(second->read.begin(), second->read.end());
  EXPECT_EQ(all.size(), 900U);
  EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), 900U) << "neither lost nor twice";
  EXPECT_TRUE(first.listener.lost_partitions.empty());
  EXPECT_TRUE(first.listener.errors.empty()) << first.listener.errors[0].message();
  first.source.close();
  for (int p = 0; p < 4; ++p) EXPECT_EQ(committed(p), Offset{225});
}

TEST_P(KafkaGroupBroker, A_member_that_closes_while_the_group_is_being_balanced_closes_soon) {
  for (int turns = 0; turns < 3; ++turns) {
    group = test::unique("group");
    Member first(options(GetParam().second));
    first.open();
    ASSERT_TRUE(eventually([&] { return first.turn(), first.listener.held.size() == 4; }));
    Member second(options(GetParam().second));
    second.open();
    // At another moment of the balancing each time.
    const auto begin = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() < begin + turns * 60ms) first.turn(), second.turn();
    const auto closing = std::chrono::steady_clock::now();
    second.source.close();
    first.source.close();
    EXPECT_LT(std::chrono::steady_clock::now() - closing, 30s) << "after " << turns << " x 60 ms";
  }
}

// The coordinator answers nobody while it waits for the others to join again; whoever gives up meanwhile must not stay a member that
// only the end of its session removes.
TEST_P(KafkaGroupBroker, A_member_that_closes_while_it_joins_holds_up_nobody) {
  kafka::Pairs settings = GetParam().second;
  const bool classic = GetParam().first.starts_with("classic");
  if (classic) settings.emplace_back("session.timeout.ms", "120000");  // longer than this test
  Member first(options(settings));
  first.open();
  ASSERT_TRUE(eventually([&] { return first.turn(), first.listener.held.size() == 4; }));
  auto second = std::make_unique<Member>(options(settings));
  second->open();
  // Its request to join is on the way; the first one is not served, so the group cannot be balanced.
  const auto begin = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() < begin + 500ms) second->turn();
  const auto closing = std::chrono::steady_clock::now();
  second->source.close();
  second.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - closing, 30s);
  std::printf("closed after %.1f s\n",
              std::chrono::duration<double>(std::chrono::steady_clock::now() - closing).count());
  write(0, 40);
  EXPECT_TRUE(eventually([&] {
    first.turn();
    return first.listener.held.size() == 4 && first.read.size() >= 40;
  })) << first.listener.held.size();
  first.source.close();
}

// Between the answer to its request to join and its assignment librdkafka puts off whatever it is told.
TEST_P(KafkaGroupBroker, A_member_that_closes_before_it_has_its_assignment_holds_up_nobody) {
  kafka::Pairs settings = GetParam().second;
  if (!GetParam().first.starts_with("classic")) GTEST_SKIP() << "the protocol has no such moment";
  settings.emplace_back("session.timeout.ms", "120000");  // longer than this test
  Member first(options(settings));
  first.open();
  ASSERT_TRUE(eventually([&] { return first.turn(), first.listener.held.size() == 4; }));
  settings.emplace_back("debug", "cgrp");
  KafkaSourceOptions watched = options(settings);
  std::atomic<bool> joined = false;
  watched.log = [&](kafka::LogLevel, std::string_view line) {
    if (line.find("-> wait-sync") != line.npos) joined = true;
  };
  auto second = std::make_unique<Member>(std::move(watched));
  second->open();
  ASSERT_TRUE(eventually([&] { return first.source.serve(), joined.load(); }));
  second->source.close();
  second.reset();
  write(0, 40);
  EXPECT_TRUE(eventually([&] {
    first.turn();
    return first.listener.held.size() == 4 && first.read.size() >= 40;
  })) << first.listener.held.size();
  first.source.close();
}

INSTANTIATE_TEST_SUITE_P(
    Protocols, KafkaGroupBroker,
    testing::Values(Protocol{"classic_range", {{"partition.assignment.strategy", "range"}}},
                    Protocol{"classic_cooperative", {}},
                    Protocol{"kip848", {{"group.protocol", "consumer"}}},
                    Protocol{"kip848_range",
                             {{"group.protocol", "consumer"}, {"group.remote.assignor", "range"}}}),
    [](const auto& info) { return info.param.first; });

TEST_F(KafkaSourceBroker,
       A_member_that_does_not_drain_for_longer_than_the_poll_interval_stays_a_member) {
  Member member(options({{"max.poll.interval.ms", "4000"},
                         {"session.timeout.ms", "4000"},
                         {"heartbeat.interval.ms", "300"}}));
  member.open();
  ASSERT_TRUE(eventually([&] { return member.turn(), member.listener.held.size() == 4; }));
  write(0, 4000);
  const auto until = std::chrono::steady_clock::now() + 6s;
  (void)eventually([&] { return member.source.serve(), std::chrono::steady_clock::now() > until; });
  EXPECT_EQ(member.listener.held.size(), 4U);
  EXPECT_EQ(member.listener.assignments, 1);
  EXPECT_TRUE(member.listener.errors.empty());
  ASSERT_TRUE(eventually([&] { return member.turn(), member.read.size() == 4000; }));
}

TEST_F(KafkaSourceBroker, A_member_that_is_not_served_loses_its_partitions_and_commits_nothing) {
  write(0, 40);
  Member member(options({{"max.poll.interval.ms", "1500"},
                         {"session.timeout.ms", "1200"},
                         {"heartbeat.interval.ms", "300"}}));
  member.open();
  ASSERT_TRUE(eventually([&] { return member.turn(), member.read.size() == 40; }));
  member.listener.on_lost = [&](auto gone) {
    std::vector<TopicPartitionOffset> next;
    for (const TopicPartition& at : gone) next.push_back({at, {10}});
    EXPECT_TRUE(member.source.commit(next, true)) << "ignored";
  };
  std::this_thread::sleep_for(2500ms);  // the fault itself: nobody home
  ASSERT_TRUE(eventually(
      [&] { return member.source.serve(), member.listener.lost_partitions.size() == 4; }));
  EXPECT_TRUE(member.listener.revoked_partitions.empty());
  EXPECT_FALSE(committed(0));
  ASSERT_TRUE(eventually([&] { return member.turn(), member.read.size() == 80; })) << "read again";
}

TEST_P(KafkaGroupBroker,
       A_member_that_is_said_to_be_here_keeps_its_partitions_without_being_served) {
  kafka::Pairs settings = GetParam().second;
  settings.emplace_back("max.poll.interval.ms", "4000");
  // Of the protocol of KIP-848 the broker says both. A session is longer than a busy broker may keep silent.
  if (settings.front().first != "group.protocol")
    settings.insert(settings.end(),
                    {{"session.timeout.ms", "4000"}, {"heartbeat.interval.ms", "300"}});
  write(0, 40);
  Member member(options(settings));
  member.open();
  ASSERT_TRUE(eventually([&] { return member.turn(), member.read.size() == 40; }));
  // Longer than the interval, twice over.
  const auto until = std::chrono::steady_clock::now() + 9s;
  std::thread outside([&] {
    (void)eventually([&] {
      member.source.still_here();
      return std::chrono::steady_clock::now() > until;
    });
  });
  outside.join();
  write(40, 80);
  ASSERT_TRUE(eventually([&] { return member.turn(), member.read.size() >= 80; }));
  EXPECT_EQ(member.read.size(), 80U) << "read again";
  EXPECT_TRUE(member.listener.lost_partitions.empty());
  EXPECT_EQ(member.listener.assignments, 1);
}

TEST_F(KafkaSourceBroker, Start_latest_skips_what_was_there_and_a_restart_misses_nothing) {
  write(0, 40);
  const Start latest{Start::Kind::latest, {}};
  {
    Member member(options({}, latest));
    member.open();
    ASSERT_TRUE(eventually([&] { return member.turn(), member.listener.held.size() == 4; }));
    write(40, 42);  // partitions 0 and 1; 2 and 3 stay quiet
    ASSERT_TRUE(eventually([&] { return member.turn(), member.read.size() == 2; }));
    member.source.close();
    std::sort(member.read.begin(), member.read.end());  // of two partitions: whichever came first
    EXPECT_EQ(member.read, (std::vector<std::string>{"40", "41"}));
  }
  EXPECT_EQ(committed(2), Offset{10}) << "the starting point of a quiet partition is kept";
  write(42, 44);
  Member member(options({}, latest));
  member.open();
  ASSERT_TRUE(eventually([&] { return member.turn(), member.read.size() >= 2; }));
  std::sort(member.read.begin(), member.read.end());
  EXPECT_EQ(member.read, (std::vector<std::string>{"42", "43"}));
}

TEST_F(KafkaSourceBroker, Partitions_added_later_start_at_earliest) {
  const Start latest{Start::Kind::latest, {}};
  {
    Member member(options({}, latest));
    member.open();
    ASSERT_TRUE(eventually([&] { return member.turn(), member.listener.held.size() == 4; }));
    ASSERT_TRUE(eventually([&] { return member.turn(), committed(3).has_value(); }));
    member.source.close();
  }
  using NewPartitions = kafka::Handle<rd_kafka_NewPartitions_t, rd_kafka_NewPartitions_destroy>;
  NewPartitions more(rd_kafka_NewPartitions_new(topic.c_str(), 5, nullptr, 0));
  const kafka::QueueHandle queue(rd_kafka_queue_new(admin->client()));
  rd_kafka_NewPartitions_t* list[] = {more.get()};
  rd_kafka_CreatePartitions(admin->client(), list, 1, nullptr, queue.get());
  const kafka::EventHandle done(rd_kafka_queue_poll(queue.get(), 10000));
  ASSERT_TRUE(eventually([&] {
    auto info = admin->topic(topic, 5s);
    return info && *info && (*info)->partitions == 5;
  }));
  produce(test::real_broker(), topic, {{.value = "new", .partition = 4}});
  Member member(options({}, latest));
  member.open();
  ASSERT_TRUE(eventually([&] { return member.turn(), member.read.size() == 1; }));
  EXPECT_EQ(member.read[0], "new");
}

TEST_F(KafkaSourceBroker, Start_at_a_time_begins_with_the_first_record_of_that_time) {
  for (int i = 0; i < 5; ++i) {
    produce(
        test::real_broker(), topic,
        {{.value = std::to_string(i), .partition = 0, .timestamp = 1'700'000'000'000 + i * 1000}});
  }
  Member member(options({}, {Start::Kind::time, {1'700'000'000'000 + 2500}}));
  member.open();
  ASSERT_TRUE(eventually([&] { return member.turn(), member.read.size() == 2; }));
  EXPECT_EQ(member.read, (std::vector<std::string>{"3", "4"}));
  produce(test::real_broker(), topic, {{.value = "quiet", .partition = 1}});
  ASSERT_TRUE(eventually([&] { return member.turn(), member.read.size() == 3; }))
      << "no record of that time: begins at the end";
}

TEST_F(KafkaSourceBroker, Records_deleted_behind_the_commit_are_an_offset_out_of_range) {
  write(0, 40);
  {
    Member member(options());
    member.open();
    ASSERT_TRUE(eventually([&] { return member.turn(), member.read.size() == 40; }));
    for (auto& [at, next] : member.read_to) next = {2};
    member.source.close();
  }
  const kafka::ListHandle before = kafka::make_list();
  kafka::add(*before, topic, {0}).offset = 6;
  using Deletion = kafka::Handle<rd_kafka_DeleteRecords_t, rd_kafka_DeleteRecords_destroy>;
  const Deletion deletion(rd_kafka_DeleteRecords_new(before.get()));
  const kafka::QueueHandle queue(rd_kafka_queue_new(admin->client()));
  rd_kafka_DeleteRecords_t* list[] = {deletion.get()};
  rd_kafka_DeleteRecords(admin->client(), list, 1, nullptr, queue.get());
  const kafka::EventHandle done(rd_kafka_queue_poll(queue.get(), 10000));
  Member member(options());
  member.open();
  ASSERT_TRUE(eventually(
      [&] { return member.turn(), member.listener.count(Code::offset_out_of_range) == 1; }));
  const std::string text = member.listener.errors[0].message();
  for (const std::string& part :
       {std::string("offset 2"), std::string("6 to 10"), std::string("were deleted"), group}) {
    EXPECT_NE(text.find(part), text.npos) << text;
  }
}

TEST_F(KafkaSourceBroker,
       A_topic_that_was_deleted_is_missing_at_open_although_offsets_are_committed) {
  write(0, 40);
  Member member(options());
  member.open();
  ASSERT_TRUE(eventually([&] { return member.turn(), member.read.size() == 40; }));
  const TopicPartitionOffset next{{topic, {0}}, {10}};
  ASSERT_TRUE(member.source.commit({&next, 1}, true));
  member.source.close();
  using Deletion = kafka::Handle<rd_kafka_DeleteTopic_t, rd_kafka_DeleteTopic_destroy>;
  const Deletion deletion(rd_kafka_DeleteTopic_new(topic.c_str()));
  const kafka::QueueHandle queue(rd_kafka_queue_new(admin->client()));
  rd_kafka_DeleteTopic_t* list[] = {deletion.get()};
  rd_kafka_DeleteTopics(admin->client(), list, 1, nullptr, queue.get());
  const kafka::EventHandle done(rd_kafka_queue_poll(queue.get(), 10000));
  ASSERT_TRUE(eventually([&] {
    auto info = admin->topic(topic, 5s);
    return info && !*info;
  }));
  Member again(options());
  const Status s = again.source.open(again.waker, again.listener);
  ASSERT_FALSE(s);
  EXPECT_EQ(s.error().code(), Code::topic_missing);
}

}  // namespace
}  // namespace thalweg
