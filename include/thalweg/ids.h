// Numbers that must not be mixed up, each its own type, named as Kafka names them.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>

namespace thalweg {

// A topic's partition number.
struct Partition {
  std::int32_t value = 0;
  auto operator<=>(const Partition&) const = default;
};

// A record's place in its partition. A committed offset is the NEXT one to read: last processed + 1.
struct Offset {
  std::int64_t value = 0;
  auto operator<=>(const Offset&) const = default;
  [[nodiscard]] Offset next() const noexcept { return {value + 1}; }
};

// Milliseconds since the Unix epoch; negative: the record has none.
struct Timestamp {
  std::int64_t ms = -1;
  auto operator<=>(const Timestamp&) const = default;
};

struct TopicPartition {
  std::string topic;
  Partition partition;
  auto operator<=>(const TopicPartition&) const = default;
  [[nodiscard]] std::string to_string() const {
    return topic + "[" + std::to_string(partition.value) + "]";
  }
};

struct TopicPartitionOffset {
  TopicPartition at;
  Offset offset;
  auto operator<=>(const TopicPartitionOffset&) const = default;
};

}  // namespace thalweg

template <>
struct std::hash<thalweg::TopicPartition> {
  std::size_t operator()(const thalweg::TopicPartition& tp) const noexcept {
    return std::hash<std::string>{}(tp.topic) * 31 + static_cast<std::size_t>(tp.partition.value);
  }
};
