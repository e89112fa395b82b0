// Going back, and what a transaction needs to know of the group.
#include "kafka/committed.h"
#include "kafka/errors.h"
#include "kafka/group_offsets.h"
#include "source/kafka_source.h"
#include "source/start_offsets.h"

namespace thalweg {

using kafka::elements;
using kafka::ListHandle;

std::unique_ptr<GroupOffsets> KafkaSource::offsets_for_transaction(
    std::span<const TopicPartitionOffset> next) {
  if (options_.dry_run || !opened_ || closed_) return nullptr;
  auto made = std::make_unique<kafka::ConsumerOffsets>();
  made->offsets = kafka::make_list(next.size());
  for (const TopicPartitionOffset& o : next) {
    if (table_.find(o.at.topic, o.at.partition.value) == nullptr) return nullptr;
    auto& p = kafka::add(*made->offsets, o.at.topic, o.at.partition);
    p.offset = o.offset.value;
    set_commit_metadata(p, table_.topic(o.at.topic)->partitions_at_start);
  }
  made->membership.reset(rd_kafka_consumer_group_metadata(client()));
  // The broker takes offsets of a nobody (no member id, generation -1) without asking who owns the partitions: librdkafka looks like
  // that between losing its membership and joining again. Looked at after the metadata: a membership lost before is then seen.
  const auto* m = made->membership.get();
  if (m == nullptr || rd_kafka_consumer_group_metadata_generation_id(m) < 1 ||
      std::string_view(rd_kafka_consumer_group_metadata_member_id(m)).empty() ||
      rd_kafka_assignment_lost(client()) != 0) {
    return nullptr;
  }
  return made;
}

Result<std::vector<TopicPartitionOffset>> KafkaSource::committed() {
  const ListHandle list = kafka::make_list();
  // Where the start is not known yet nothing was read; it may be held back for long by the transaction of a process that is gone.
  table_.for_each_held(
      [&](const TopicState& topic, std::int32_t partition, const PartitionState& state) {
        if (!state.start_pending) kafka::add(*list, topic.name, {partition});
      });
  std::vector<TopicPartitionOffset> known;
  if (list->cnt == 0) return known;
  if (Status s = kafka::fetch_committed(client(), options_.group, *list, options_.lookup_timeout,
                                        options_.stop);
      !s)
    return std::move(s).error().at("source");
  for (const auto& p : elements(*list)) {
    if (p.offset >= 0) known.push_back({{p.topic, {p.partition}}, {p.offset}});
  }
  return known;
}

Status KafkaSource::seek(std::span<const TopicPartitionOffset> to) {
  const ListHandle list = kafka::make_list(to.size());
  for (const TopicPartitionOffset& o : to) {
    PartitionState* state = table_.find(o.at.topic, o.at.partition.value);
    if (state == nullptr) continue;
    drop_queued(o.at.topic, o.at.partition.value);
    state->next = o.offset;
    state->at_end = false;
    kafka::add(*list, o.at.topic, o.at.partition).offset = o.offset.value;
  }
  if (list->cnt == 0) return {};
  const kafka::ErrorHandle failed(rd_kafka_seek_partitions(client(), list.get(), 10000));
  if (failed)
    return kafka::error_of(rd_kafka_error_code(failed.get()),
                           std::string("source: seek: ") + rd_kafka_error_string(failed.get()));
  const ListHandle again = kafka::make_list();
  for (const auto& p : elements(*list)) {
    if (p.err != RD_KAFKA_RESP_ERR_NO_ERROR)
      kafka::add(*again, p.topic, {p.partition}).offset = p.offset;
  }
  if (again->cnt > 0) restart(*again);
  return {};
}

}  // namespace thalweg
