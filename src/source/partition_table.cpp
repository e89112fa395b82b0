// The slow half of the partition table.
#include "source/partition_table.h"

#include <algorithm>

namespace thalweg {

PartitionTable::PartitionTable(const std::vector<std::string>& topics) {
  for (const std::string& name : topics) {
    if (topic(name) == nullptr) topics_.emplace_back().name = name;
  }
}

TopicState* PartitionTable::topic(std::string_view name) {
  const auto it = std::find_if(topics_.begin(), topics_.end(),
                               [&](const TopicState& t) { return t.name == name; });
  return it == topics_.end() ? nullptr : &*it;
}

PartitionState* PartitionTable::find(std::string_view name, std::int32_t partition) {
  TopicState* t = topic(name);
  if (t == nullptr || partition < 0 || static_cast<std::size_t>(partition) >= t->partitions.size())
    return nullptr;
  PartitionState& state = t->partitions[static_cast<std::size_t>(partition)];
  return state.held ? &state : nullptr;
}

PartitionState* PartitionTable::find_slowly(rd_kafka_topic_t* handle, std::int32_t partition,
                                            std::string_view& topic) {
  auto it = std::find_if(topics_.begin(), topics_.end(),
                         [&](const TopicState& t) { return t.handle == handle; });
  if (it == topics_.end()) {
    const std::string_view name = rd_kafka_topic_name(handle);
    it = std::find_if(topics_.begin(), topics_.end(),
                      [&](const TopicState& t) { return t.name == name; });
    if (it == topics_.end()) return nullptr;
    it->handle = handle;
  }
  topic = it->name;
  if (partition < 0 || static_cast<std::size_t>(partition) >= it->partitions.size()) return nullptr;
  PartitionState& state = it->partitions[static_cast<std::size_t>(partition)];
  if (!state.held) return nullptr;
  last_handle_ = handle;
  last_partition_ = partition;
  last_ = &state;
  last_topic_ = it->name;
  return last_;
}

PartitionState& PartitionTable::hold(std::string_view name, std::int32_t partition) {
  forget_last();
  TopicState* t = topic(name);
  if (t == nullptr) {
    t = &topics_.emplace_back();
    t->name = name;
  }
  const auto index = static_cast<std::size_t>(partition);
  if (index >= t->partitions.size()) t->partitions.resize(index + 1);
  t->partitions[index] = PartitionState{};
  t->partitions[index].held = true;
  // A handle may die with its partitions, and its address come back as another topic's.
  for (TopicState& any : topics_) any.handle = nullptr;
  return t->partitions[index];
}

void PartitionTable::drop(std::string_view name, std::int32_t partition) {
  forget_last();
  if (PartitionState* state = find(name, partition)) *state = PartitionState{};
  for (TopicState& any : topics_) any.handle = nullptr;
}

}  // namespace thalweg
