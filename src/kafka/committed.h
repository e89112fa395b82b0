// What a group has committed, asked by a client of that group, whoever its members are.
//
// Two questions, since a transaction may be under way that has offsets. How it ends decides where to go on: who is to read there waits for
// its end. Who only looks does not wait; in a busy group some partition is in somebody's transaction at almost any moment, and a question
// for all of them would then never be answered: librdkafka asks for all again as long as one is held back.
//
// Any thread. Both block for the time given at most, ask again while the coordinator cannot answer yet, and look at `stop` between.
#pragma once

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "thalweg/error.h"
#include "thalweg/ids.h"

#include "kafka/handles.h"

namespace thalweg::kafka {

// Fills in final offsets: transactions that have some of these partitions are waited for. So ask for few. When time runs out because of
// one, the error says so. Errors: timed_out, broker_unreachable, topic_unauthorized, stopped.
[[nodiscard]] Status fetch_committed(rd_kafka_t* consumer, const std::string& group,
                                     rd_kafka_topic_partition_list_t& list,
                                     std::chrono::milliseconds timeout,
                                     const std::stop_token& stop = {});

// What stood before any transaction that is under way. It takes a consumer, since librdkafka's admin request for it (2.15.1) crashes in
// a client without a group when the answer is "not coordinator", as a cluster gives it to its very first group.
[[nodiscard]] Result<ListHandle> committed_so_far(rd_kafka_t* consumer, const std::string& group,
                                                  const rd_kafka_topic_partition_list_t& list,
                                                  std::chrono::milliseconds timeout,
                                                  const std::stop_token& stop = {});

// The same, in the order asked.
[[nodiscard]] Result<std::vector<std::optional<Offset>>> group_offsets(
    rd_kafka_t* consumer, const std::string& group, const std::vector<TopicPartition>& partitions,
    std::chrono::milliseconds timeout);

}  // namespace thalweg::kafka
