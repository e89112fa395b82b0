// Members of real groups, turned by hand, and a topic of four partitions that they read.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "kafka/admin.h"
#include "source/kafka_source.h"
#include "support/mock_cluster.h"

namespace thalweg::test {

// One member: turned by hand, remembers what it read, commits all of it when partitions are revoked.
struct Member {
  explicit Member(KafkaSourceOptions options) : source(std::move(options)) {
    listener.on_revoked = [this](std::span<const TopicPartition> gone) {
      std::vector<TopicPartitionOffset> next;
      for (const TopicPartition& at : gone) {
        if (const auto it = read_to.find(at); it != read_to.end()) next.push_back({at, it->second});
      }
      EXPECT_TRUE(source.commit(next, true));
    };
  }
  void open() {
    const Status s = source.open(waker, listener);
    ASSERT_TRUE(s) << s.error().message();
  }
  void turn() {
    source.serve();
    Batch batch;
    (void)source.drain(batch, {});
    for (const SourceRecord& r : batch.records()) {
      const TopicPartition at{std::string(r.topic), r.partition};
      EXPECT_NE(std::find(listener.held.begin(), listener.held.end(), at), listener.held.end())
          << at.to_string() << " is not ours";
      read.emplace_back(*r.value);
      read_to[at] = r.offset.next();
    }
  }
  TestWaker waker;
  RecordingListener listener;
  std::vector<std::string> read;
  std::map<TopicPartition, Offset> read_to;
  KafkaSource source;
};

class KafkaSourceBroker : public testing::Test {
 protected:
  void SetUp() override {
    if (real_broker().empty()) GTEST_SKIP() << "THALWEG_TEST_KAFKA names no broker";
    auto made =
        kafka::Admin::make(*kafka::make_config(kafka::Pairs{{"bootstrap.servers", real_broker()}}));
    admin = std::make_unique<kafka::Admin>(*std::move(made));
    topic = unique("in");
    group = unique("group");
    ASSERT_TRUE(admin->create({topic, 4, 1, {}}, std::chrono::seconds(30)));
  }
  KafkaSourceOptions options(kafka::Pairs more = {}, Start start = {}) {
    more.emplace_back("bootstrap.servers", real_broker());
    KafkaSourceOptions o;
    o.kafka = *kafka::make_config(more);
    o.topics = {topic};
    o.group = group;
    o.start = start;
    return o;
  }
  void write(int from, int to) {
    std::vector<TestMessage> messages;
    for (int i = from; i < to; ++i)
      messages.push_back({.value = std::to_string(i), .partition = i % 4});
    produce(real_broker(), topic, messages);
  }
  std::optional<Offset> committed(int partition) {
    auto backlog = admin->backlog(group, topic, std::chrono::seconds(10));
    EXPECT_TRUE(backlog);
    return (*backlog)[static_cast<std::size_t>(partition)].committed;
  }

  std::unique_ptr<kafka::Admin> admin;
  std::string topic;
  std::string group;
};

}  // namespace thalweg::test
