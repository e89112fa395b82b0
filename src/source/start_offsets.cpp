// Committed offsets first, then `start`.
#include "source/start_offsets.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>

#include "kafka/admin_request.h"
#include "kafka/committed.h"
#include "kafka/errors.h"

namespace thalweg {
namespace {

using kafka::ListHandle;
using Millis = std::chrono::milliseconds;

constexpr std::string_view metadata_prefix = "thalweg:partitions=";

std::string_view metadata_of(const rd_kafka_topic_partition_t& p) {
  return p.metadata == nullptr
             ? std::string_view{}
             : std::string_view(static_cast<const char*>(p.metadata), p.metadata_size);
}

// What the commits of a topic tell: how many partitions there were; -1: none of them says.
int told_by(const TopicState& topic, const rd_kafka_topic_partition_list_t& committed) {
  int told = -1;
  for (const auto& p : kafka::elements(committed)) {
    if (topic.name != p.topic || p.offset < 0) continue;
    const int n = partitions_in_metadata(metadata_of(p));
    if (n >= 0 && (told < 0 || n < told)) told = n;
  }
  return told;
}

bool is_among(const TopicState& topic, const rd_kafka_topic_partition_list_t& list) {
  const auto all = kafka::elements(list);
  return std::any_of(all.begin(), all.end(), [&](const auto& p) { return topic.name == p.topic; });
}

bool is_committed(const TopicState& topic, const rd_kafka_topic_partition_list_t& committed) {
  const auto all = kafka::elements(committed);
  return std::any_of(all.begin(), all.end(),
                     [&](const auto& p) { return topic.name == p.topic && p.offset >= 0; });
}

// Partitions of the topic as this client knows them; asked for before, so this is a look into librdkafka's cache.
int partitions_now(const TopicState& topic, const rd_kafka_topic_partition_list_t& assigned) {
  int n = static_cast<int>(topic.partitions.size());
  for (const auto& p : kafka::elements(assigned)) {
    if (topic.name == p.topic) n = std::max(n, p.partition + 1);
  }
  return n;
}

// Sets TopicState::partitions_at_start of the topics assigned. What our own commits do not tell those of ALL partitions do: whether the
// group has committed anywhere decides what `start` means. Nobody's transaction is waited for here, of which one is open at almost any
// moment in a busy group: starting points that matter are committed before the first one begins.
Status learn_partitions_at_start(rd_kafka_t* consumer, const StartRules& rules,
                                 PartitionTable& table,
                                 const rd_kafka_topic_partition_list_t& assigned,
                                 const rd_kafka_topic_partition_list_t& own) {
  const ListHandle all = kafka::make_list(64);
  for (TopicState& topic : table.topics()) {
    const int now = partitions_now(topic, assigned);
    topic.partitions.resize(static_cast<std::size_t>(now));
    if (topic.partitions_at_start >= 0 || !is_among(topic, assigned)) continue;
    topic.partitions_at_start = told_by(topic, own);
    for (int p = 0; topic.partitions_at_start < 0 && p < now; ++p)
      kafka::add(*all, topic.name, {p});
  }
  auto found = kafka::committed_so_far(consumer, rules.group, *all, rules.timeout, rules.stop);
  if (!found) return std::move(found).error();
  for (TopicState& topic : table.topics()) {
    if (!is_among(topic, *all)) continue;
    const int told = told_by(topic, **found);
    // Commits that do not tell are another program's: the group is not new, so nothing here is its first start.
    const int first = is_committed(topic, **found) ? 0 : static_cast<int>(topic.partitions.size());
    topic.partitions_at_start = told >= 0 ? told : first;
  }
  return {};
}

}  // namespace

void set_commit_metadata(rd_kafka_topic_partition_t& partition, int partitions_at_start) {
  if (partitions_at_start < 0) return;
  const std::string text = std::string(metadata_prefix) + std::to_string(partitions_at_start);
  partition.metadata = std::malloc(text.size());  // librdkafka frees it with the list
  if (partition.metadata == nullptr) return;
  std::memcpy(partition.metadata, text.data(), text.size());
  partition.metadata_size = text.size();
}

int partitions_in_metadata(std::string_view metadata) {
  if (!metadata.starts_with(metadata_prefix)) return -1;
  metadata.remove_prefix(metadata_prefix.size());
  int n = -1;
  const auto [end, ec] = std::from_chars(metadata.data(), metadata.data() + metadata.size(), n);
  return ec == std::errc{} && n >= 0 ? n : -1;
}

Result<std::vector<Offset>> offsets_of_start(rd_kafka_t* client, const Start& start,
                                             const std::vector<TopicPartition>& partitions,
                                             Millis timeout) {
  std::vector<Offset> offsets(partitions.size(), Offset{RD_KAFKA_OFFSET_BEGINNING});
  if (start.kind == Start::Kind::earliest || partitions.empty()) return offsets;
  std::int64_t spec = RD_KAFKA_OFFSET_SPEC_LATEST;
  if (start.kind == Start::Kind::time) spec = start.time.ms;
  auto found = kafka::list_offsets(client, partitions, spec, timeout);
  if (!found) return found;
  std::vector<TopicPartition> beyond;  // no record is that young: begin at the end
  for (std::size_t i = 0; i < partitions.size(); ++i) {
    if ((*found)[i].value < 0) beyond.push_back(partitions[i]);
  }
  if (beyond.empty()) return found;
  auto ends = kafka::list_offsets(client, beyond, RD_KAFKA_OFFSET_SPEC_LATEST, timeout);
  if (!ends) return ends;
  std::size_t next = 0;
  for (Offset& offset : *found) {
    if (offset.value < 0) offset = (*ends)[next++];
  }
  return found;
}

Status resolve_starts(rd_kafka_t* consumer, const StartRules& rules, PartitionTable& table,
                      rd_kafka_topic_partition_list_t& assigned,
                      rd_kafka_topic_partition_list_t& to_commit) {
  const ListHandle own = kafka::make_list(static_cast<std::size_t>(assigned.cnt));
  for (const auto& p : kafka::elements(assigned)) kafka::add(*own, p.topic, {p.partition});
  if (Status s = kafka::fetch_committed(consumer, rules.group, *own, rules.timeout, rules.stop); !s)
    return s;
  if (Status s = learn_partitions_at_start(consumer, rules, table, assigned, *own); !s) return s;

  std::vector<TopicPartition> fresh;
  for (auto& p : kafka::elements(assigned)) {
    const TopicState* topic = table.topic(p.topic);
    const auto* c = rd_kafka_topic_partition_list_find(own.get(), p.topic, p.partition);
    p.offset = RD_KAFKA_OFFSET_BEGINNING;
    if (c != nullptr && c->offset >= 0) {
      p.offset = c->offset;
      rd_kafka_topic_partition_set_leader_epoch(&p, rd_kafka_topic_partition_get_leader_epoch(c));
    } else if (p.topic != rules.from_beginning && p.partition < topic->partitions_at_start) {
      fresh.push_back({p.topic, {p.partition}});
    }
  }
  auto starts = offsets_of_start(consumer, rules.start, fresh, rules.timeout);
  if (!starts) return std::move(starts).error();
  for (std::size_t i = 0; i < fresh.size(); ++i) {
    auto* p = rd_kafka_topic_partition_list_find(&assigned, fresh[i].topic.c_str(),
                                                 fresh[i].partition.value);
    p->offset = (*starts)[i].value;
    if (p->offset >= 0)
      kafka::add(to_commit, fresh[i].topic, fresh[i].partition).offset = p->offset;
  }
  return {};
}

}  // namespace thalweg
