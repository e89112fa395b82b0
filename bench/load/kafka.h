// What the commands of bench_load share of librdkafka: clients made from plain properties, topics, end offsets.
//
// A failure ends the program with a sentence: a benchmark that goes on after one would measure something else. Any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "bench/must.h"
#include "kafka/admin.h"
#include "kafka/handles.h"

namespace thalweg::bench {

using Properties = std::vector<std::pair<std::string, std::string>>;

// librdkafka's own configuration, unchecked by ours: what is measured here is librdkafka.
[[nodiscard]] kafka::ConfHandle make_conf(const std::string& brokers, const Properties& properties);
[[nodiscard]] kafka::ClientHandle make_client(rd_kafka_type_t type, kafka::ConfHandle conf);
[[nodiscard]] kafka::Admin make_admin(const std::string& brokers);

[[nodiscard]] int partitions_of(kafka::Admin& admin, const std::string& topic);
// The next offset of every partition.
[[nodiscard]] std::vector<std::int64_t> end_offsets(rd_kafka_t* client, const std::string& topic,
                                                    int partitions);
void create_topic(kafka::Admin& admin, const std::string& topic, int partitions);
// Gone when it returns, so that one of the same name can be made. Of one that is not there nothing is said.
void delete_topic(kafka::Admin& admin, const std::string& topic);

// A record's key: its sequence number in 16 hexadecimal digits.
inline constexpr std::size_t key_size = 16;
void write_key(std::uint64_t sequence, char* out) noexcept;
// False: not such a key.
[[nodiscard]] bool read_key(std::span<const char> key, std::uint64_t& sequence) noexcept;

}  // namespace thalweg::bench
