// How large a message may be: what our producer takes, what it puts into one batch, what a topic takes.
//
// The topic's own limit shall decide, so the producer's is wide. It counts for a batch as a whole, so a batch must never become larger
// than one message may be: otherwise good messages are refused because of their company.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "thalweg/error.h"

#include "kafka/client.h"

namespace thalweg {

// What a dead letter may have more than its record: its headers, of which the message is cut at 2,048 bytes.
inline constexpr std::int64_t dead_letter_room = 4096;

// The producer's message.max.bytes and queue.buffering.max.kbytes; what the user set, or enough for a record of `value_bytes_max`.
struct ProducerLimits {
  std::int64_t message_bytes;
  std::int64_t queue_kbytes;
};
[[nodiscard]] ProducerLimits producer_limits(const kafka::Config& config,
                                             std::uint64_t value_bytes_max);
// The producer's batch.size.
[[nodiscard]] std::int64_t batch_bytes_of(const kafka::Config& config);

// The topic's max.message.bytes. None: we may not look, or this broker does not tell.
[[nodiscard]] std::optional<std::int64_t> topic_message_bytes(rd_kafka_t* client,
                                                              const std::string& topic,
                                                              std::chrono::milliseconds timeout);
// Errors: config_invalid, when a batch of ours may be larger than the topic takes.
[[nodiscard]] Status check_batch_size(const kafka::Config& config, const std::string& topic,
                                      std::int64_t topic_limit);

}  // namespace thalweg
