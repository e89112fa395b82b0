// What is asked of a cluster outside the stream: topics, partitions, offsets, a group's backlog.
//
// Two forms: free functions for a client that exists already (a source looks at its topics with its own consumer), and
// Admin, a client of its own for `thalweg check`. Everything blocks, for the time given at most.
#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "thalweg/error.h"
#include "thalweg/ids.h"

#include "kafka/client.h"

namespace thalweg::kafka {

using Millis = std::chrono::milliseconds;

struct TopicInfo {
  std::string name;
  int partitions = 0;
  int replication_factor = 0;
};

struct TopicSpec {
  std::string name;
  int partitions = -1;                                       // -1: the broker's default
  int replication_factor = -1;                               // -1: the broker's default
  std::vector<std::pair<std::string, std::string>> configs;  // cleanup.policy, retention.ms, …
};

struct OffsetRange {
  Offset low;   // the first record there is
  Offset high;  // the next one to be written
};

// nullopt: there is no such topic. Errors: broker_unreachable, topic_unauthorized, broker_refused.
[[nodiscard]] Result<std::optional<TopicInfo>> topic_info(rd_kafka_t* client, const Health& health,
                                                          const std::string& topic, Millis timeout);
// The same for a client that has only just been made: goes on asking until the time is over, until all brokers have refused for a
// second, or until `serve` (which polls the client) has brought a reason why it will never be answered. Also `stopped`, half a
// second after `stop` was asked.
[[nodiscard]] Result<std::optional<TopicInfo>> await_topic(rd_kafka_t* client, Health& health,
                                                           const std::string& topic, Millis timeout,
                                                           const std::function<void()>& serve,
                                                           const std::stop_token& stop = {});
// The names of all topics, for suggestions; empty when they cannot be had.
[[nodiscard]] std::vector<std::string> topic_names(rd_kafka_t* client, Millis timeout);
// Creates the topic and waits until the brokers know it. A topic that exists already is fine.
[[nodiscard]] Status create_topic(rd_kafka_t* client, const TopicSpec& spec, Millis timeout);
// One of a topic's settings ("max.message.bytes").
[[nodiscard]] Result<std::string> topic_setting(rd_kafka_t* client, const std::string& topic,
                                                const std::string& name, Millis timeout);
// First and next offset of each partition, in the order asked.
[[nodiscard]] Result<std::vector<OffsetRange>> offset_ranges(
    rd_kafka_t* client, const std::vector<TopicPartition>& partitions, Millis timeout);

// The error for a topic that is not there, with the nearest name that is.
[[nodiscard]] Error topic_missing_error(rd_kafka_t* client, const std::string& topic,
                                        const std::string& brokers, const std::string& advice);

struct PartitionBacklog {
  TopicPartition at;
  OffsetRange range;
  std::optional<Offset> committed;  // none: the group has not committed here
  // From the committed offset, or from the first record, to the end.
  [[nodiscard]] std::int64_t records() const {
    const std::int64_t from =
        committed ? std::max(committed->value, range.low.value) : range.low.value;
    return std::max<std::int64_t>(0, range.high.value - from);
  }
};

struct ClusterInfo {
  std::string id;
  std::vector<std::string> brokers;  // "host:port", by broker id
};

class Admin {
 public:
  // Connects nothing yet. Errors: config_invalid.
  [[nodiscard]] static Result<Admin> make(const Config& config, LogSink log = {});

  [[nodiscard]] Result<ClusterInfo> cluster(Millis timeout);
  [[nodiscard]] Result<std::optional<TopicInfo>> topic(const std::string& name, Millis timeout);
  [[nodiscard]] std::vector<std::string> topics(Millis timeout);
  [[nodiscard]] Status create(const TopicSpec& spec, Millis timeout);
  // The backlog of a group in a topic, by partition. Errors: topic_missing, topic_unauthorized, broker_unreachable.
  [[nodiscard]] Result<std::vector<PartitionBacklog>> backlog(const std::string& group,
                                                              const std::string& topic,
                                                              Millis timeout);
  [[nodiscard]] rd_kafka_t* client() noexcept { return client_.get(); }

 private:
  Admin(Config config, std::unique_ptr<ClientContext> context, ClientHandle client)
      : config_(std::move(config)), context_(std::move(context)), client_(std::move(client)) {}
  // A client of that group which does not join it.
  [[nodiscard]] Result<ClientHandle> consumer_of(const std::string& group);

  Config config_;
  std::unique_ptr<ClientContext> context_;  // outlives the client
  ClientHandle client_;
};

}  // namespace thalweg::kafka
