// Where reading begins in partitions that were just assigned.
//
// A committed offset always wins. Without one, `start` counts for the partitions that the topic had when the group first read it;
// partitions added later start at earliest, or their first records would be skipped. How many there were is written into the
// metadata of every commit ("thalweg:partitions=4"), so that all members, now and after a restart, decide alike.
//
// Starting points made from `latest` or a time are committed at once: otherwise a partition that stays quiet would, at the next start,
// look as if it had been added later.
#pragma once

#include <chrono>
#include <stop_token>
#include <string>
#include <string_view>

#include "thalweg/error.h"

#include "config/pipeline.h"
#include "kafka/handles.h"
#include "source/partition_table.h"

namespace thalweg {

struct StartRules {
  std::string group;  // that of the consumer
  Start start;
  std::string from_beginning{};  // a topic for which it does not count
  std::chrono::milliseconds timeout{10000};
  std::stop_token stop{};  // ends the waiting soon
};

// Fills in the offset of every element of `assigned`, in which other members' transactions are waited for, and nowhere else. Elements whose starting point should be committed are added to
// `to_commit`. Blocks for the timeout at most. Errors: broker_unreachable, timed_out, topic_unauthorized; then nothing is filled.
[[nodiscard]] Status resolve_starts(rd_kafka_t* consumer, const StartRules& rules,
                                    PartitionTable& table,
                                    rd_kafka_topic_partition_list_t& assigned,
                                    rd_kafka_topic_partition_list_t& to_commit);

// What `start` means in a partition, whatever was committed: an offset, or RD_KAFKA_OFFSET_BEGINNING.
[[nodiscard]] Result<std::vector<Offset>> offsets_of_start(
    rd_kafka_t* client, const Start& start, const std::vector<TopicPartition>& partitions,
    std::chrono::milliseconds timeout);

// Commit metadata: write and read.
void set_commit_metadata(rd_kafka_topic_partition_t& partition, int partitions_at_start);
[[nodiscard]] int partitions_in_metadata(std::string_view metadata);  // -1: it says nothing

}  // namespace thalweg
