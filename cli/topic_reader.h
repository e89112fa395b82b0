// A topic from its first record to where it ended when the reading began, or a part of it, all partitions, without a group and without a
// commit: how commands read dead letters, inference logs, labels and history. Everything blocks; one thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/topic_place.h"
#include "kafka/admin.h"

namespace thalweg::cli {

class TopicReader {
 public:
  // `config`: of the cluster (Config::for_admin_of), outlives it. `name`: says in the brokers' logs who reads. `timeout`: for each answer.
  TopicReader(const kafka::Config& config, std::string topic, const std::string& name,
              kafka::Millis timeout);
  TopicReader(const TopicReader&) = delete;
  TopicReader& operator=(const TopicReader&) = delete;
  ~TopicReader();

  // Before open: only what lies between, `to` exclusive.
  void between(const TopicPlace& from, const TopicPlace& to);
  // Errors: topic_missing, broker_unreachable.
  [[nodiscard]] Status open();
  // Offsets that will be read; compaction and transactions leave fewer records.
  [[nodiscard]] std::int64_t offsets() const noexcept { return offsets_; }
  [[nodiscard]] int partitions() const noexcept { return partitions_; }
  // Once. Records that a transaction took back are left out. `take`: the message is its for the call; false: enough. Errors:
  // timed_out, and those of the brokers.
  [[nodiscard]] Status read(const std::function<bool(const rd_kafka_message_t&)>& take);

 private:
  [[nodiscard]] Result<std::vector<kafka::OffsetRange>> ranges(
      rd_kafka_t* client, const std::vector<TopicPartition>& places) const;
  [[nodiscard]] Status assign(const rd_kafka_topic_partition_list_t& list);

  const kafka::Config& config_;
  const std::string topic_, group_;
  const kafka::Millis timeout_;
  kafka::ClientContext context_;
  kafka::ClientHandle client_;
  TopicPlace from_, to_;
  int partitions_ = 0;
  std::int64_t offsets_ = 0;
  std::vector<Offset> ends_;
  int open_ = 0;
};

}  // namespace thalweg::cli
