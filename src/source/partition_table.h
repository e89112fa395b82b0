// The partitions a Kafka source holds, found from a message without hashing a string.
//
// Messages come in runs of one partition, so the last one found is tried first; otherwise it is a few pointer comparisons and an
// index. Belongs to one worker.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include <librdkafka/rdkafka.h>

#include "thalweg/ids.h"

namespace thalweg {

struct PartitionState {
  bool held = false;
  bool start_pending = false;  // where to start could not be asked yet
  bool at_end = false;         // a dry run has read everything here
  Offset next{-1};             // to be delivered; -1: wherever the broker begins
  Offset requested{-1};        // last commit asked for
  Offset committed{-1};        // last commit acknowledged
};

// For librdkafka: the next offset, or what it was told when the partition came.
[[nodiscard]] inline std::int64_t where_to_go_on(const PartitionState& state) noexcept {
  if (state.start_pending) return RD_KAFKA_OFFSET_STORED;
  return state.next.value >= 0 ? state.next.value : RD_KAFKA_OFFSET_BEGINNING;
}

struct TopicState {
  std::string name;                    // views of it stand in SourceRecords: never moves
  rd_kafka_topic_t* handle = nullptr;  // the one last seen in a message: compared, never followed
  int partitions_at_start = -1;  // of the topic, when the group first read it; -1: not known yet
  std::vector<PartitionState> partitions;  // by number
};

class PartitionTable {
 public:
  explicit PartitionTable(const std::vector<std::string>& topics);

  // Null when the partition is not held (any more).
  [[nodiscard]] PartitionState* find(rd_kafka_topic_t* handle, std::int32_t partition,
                                     std::string_view& topic) {
    if (handle == last_handle_ && partition == last_partition_) {
      topic = last_topic_;
      return last_;
    }
    return find_slowly(handle, partition, topic);
  }
  [[nodiscard]] PartitionState* find(std::string_view topic, std::int32_t partition);
  [[nodiscard]] TopicState* topic(std::string_view name);

  // A fresh state for the partition, held.
  PartitionState& hold(std::string_view topic, std::int32_t partition);
  void drop(std::string_view topic, std::int32_t partition);

  [[nodiscard]] std::deque<TopicState>& topics() noexcept { return topics_; }
  [[nodiscard]] const std::deque<TopicState>& topics() const noexcept { return topics_; }
  template <class F>
  void for_each_held(F&& f) const {
    for (const TopicState& t : topics_) {
      for (std::size_t p = 0; p < t.partitions.size(); ++p) {
        if (t.partitions[p].held) f(t, static_cast<std::int32_t>(p), t.partitions[p]);
      }
    }
  }

 private:
  PartitionState* find_slowly(rd_kafka_topic_t* handle, std::int32_t partition,
                              std::string_view& topic);
  void forget_last() noexcept { last_handle_ = nullptr; }

  std::deque<TopicState> topics_;
  rd_kafka_topic_t* last_handle_ = nullptr;
  std::int32_t last_partition_ = -1;
  PartitionState* last_ = nullptr;
  std::string_view last_topic_;
};

}  // namespace thalweg
