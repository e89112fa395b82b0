// The group's half of the Kafka source: partitions that come and go, offsets that are committed.
#include <algorithm>

#include "kafka/admin_request.h"
#include "kafka/errors.h"
#include "source/kafka_source.h"
#include "source/start_offsets.h"

namespace thalweg {
namespace {

using kafka::elements;
using kafka::ListHandle;
using Steady = std::chrono::steady_clock;
using Millis = std::chrono::milliseconds;

bool cooperative(rd_kafka_t* rk) {
  const char* protocol = rd_kafka_rebalance_protocol(rk);
  return protocol != nullptr && std::string_view(protocol) == "COOPERATIVE";
}

std::vector<TopicPartition> to_vector(const rd_kafka_topic_partition_list_t& list) {
  std::vector<TopicPartition> all;
  for (const auto& p : elements(list)) all.push_back({p.topic, {p.partition}});
  return all;
}

bool is_member(rd_kafka_t* rk) {
  char* id = rd_kafka_memberid(rk);
  const bool has_one = id != nullptr && *id != '\0';
  rd_kafka_mem_free(rk, id);
  return has_one;
}

}  // namespace

// A member without partitions that is closed leaves without a word (librdkafka 2.15.1, cooperative protocol), and the group waits for
// it until its session is over. Without its subscription it says so, but librdkafka puts that off while a rebalance is under way, and
// forgets it if the consumer is closed meanwhile. Whoever has left has no member id any more. With KIP-848 the id stays, and nothing is
// put off; who joins for the first time belongs to no protocol yet, and closing is enough.
void KafkaSource::leave_without_partitions() {
  rd_kafka_unsubscribe(client());
  if (broker_assigns_) return;
  const auto until = Steady::now() + options_.close_timeout / 2;
  while (cooperative(client()) && is_member(client()) && Steady::now() < until) {
    if (rd_kafka_message_t* m = rd_kafka_consumer_poll(client(), 10)) event(m);
  }
}

void KafkaSource::on_rebalance(rd_kafka_t* rk, rd_kafka_resp_err_t err, List* partitions,
                               void* opaque) {
  auto& self = *static_cast<Life*>(static_cast<kafka::ClientContext*>(opaque))->source;
  switch (err) {
    case RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS: return self.assigned(*partitions);
    case RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS: return self.revoked(*partitions);
    default:
      self.tell(
          kafka::error_of(err, "source: the group could not be balanced: " + kafka::words(err)));
      rd_kafka_assign(rk, nullptr);
  }
}

// Nobody will read what is assigned during the end, and librdkafka, once it is closing, does not answer such questions any more.
bool KafkaSource::ending() const {
  return closing_ || options_.stop.stop_requested();
}

Status KafkaSource::resolve(List& partitions, List& starts) {
  if (partitions.cnt == 0) return {};
  if (ending()) return Error(Code::stopped, "where to begin was not looked up");
  const StartRules rules{options_.group, options_.start, options_.from_beginning,
                         options_.lookup_timeout, options_.stop};
  return resolve_starts(client(), rules, table_, partitions, starts);
}

void KafkaSource::assigned(List& partitions) {
  life_->health.answered();
  let_in();
  const ListHandle starts = kafka::make_list();
  const Status resolved = resolve(partitions, *starts);
  for (auto& p : elements(partitions)) {
    PartitionState& state = table_.hold(p.topic, p.partition);
    if (resolved.ok()) {
      state.next = {std::max<std::int64_t>(p.offset, -1)};
    } else {
      // librdkafka asks for the committed offset itself, for as long as it takes. Where there is none it says so, and
      // then `start` is asked for again (offset_reset).
      p.offset = RD_KAFKA_OFFSET_STORED;
      state.start_pending = true;
    }
  }
  if (!resolved.ok() && !ending()) tell(Error(resolved.error()).at("source"));
  if (options_.transactional) commit_starts_first(*starts, partitions);
  forward(partitions);  // before reading begins: not one record may take the way of the events
  assign(partitions);
  const std::vector<TopicPartition> all = to_vector(partitions);
  listener_->assigned(all);
  if (!options_.transactional) commit_starts(*starts);
}

// As any other commit: what is asked for and not acknowledged is asked for again, also when the partition goes. A starting point
// that is lost would be chosen anew at the next start, and what came meanwhile be skipped.
void KafkaSource::commit_starts(const List& starts) {
  std::vector<TopicPartitionOffset> next;
  for (const auto& p : elements(starts)) next.push_back({{p.topic, {p.partition}}, {p.offset}});
  if (!next.empty() && !commit(next, false)) commit_again_ = true;
}

// Where transactions commit, a plain commit that comes late could take theirs back. So it is waited for while nothing is read yet; a
// partition whose start could not be committed begins when it can be.
void KafkaSource::commit_starts_first(const List& starts, List& partitions) {
  std::vector<TopicPartitionOffset> next;
  for (const auto& p : elements(starts)) next.push_back({{p.topic, {p.partition}}, {p.offset}});
  if (next.empty()) return;
  Status done = commit_and_wait(*to_commit(next));
  if (done.ok()) return;
  if (!ending()) tell(std::move(done).error());
  for (const TopicPartitionOffset& start : next) {
    auto* p = rd_kafka_topic_partition_list_find(&partitions, start.at.topic.c_str(),
                                                 start.at.partition.value);
    if (p != nullptr) p->offset = RD_KAFKA_OFFSET_STORED;
    PartitionState& state = *table_.find(start.at.topic, start.at.partition.value);
    state.start_pending = true;
    state.next = state.requested = {-1};
  }
}

void KafkaSource::forward(const List& partitions) {
  for (const auto& p : elements(partitions)) {
    const kafka::QueueHandle queue(rd_kafka_queue_get_partition(client(), p.topic, p.partition));
    if (queue) rd_kafka_queue_forward(queue.get(), data_.get());
  }
}

void KafkaSource::revoked(List& partitions) {
  const std::vector<TopicPartition> all = to_vector(partitions);
  if (rd_kafka_assignment_lost(client()) != 0) {
    // Dropped first: nothing the listener does now may commit them.
    for (const auto& p : elements(partitions)) table_.drop(p.topic, p.partition);
    listener_->lost(all);
  } else {
    listener_->revoked(all);
    for (const auto& p : elements(partitions)) table_.drop(p.topic, p.partition);
  }
  for (const auto& p : elements(partitions)) drop_queued(p.topic, p.partition);
  unassign(partitions);
  look_soon();
}

void KafkaSource::assign(List& partitions) {
  rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR_NO_ERROR;
  if (cooperative(client())) {
    if (const kafka::ErrorHandle e{rd_kafka_incremental_assign(client(), &partitions)})
      err = rd_kafka_error_code(e.get());
  } else {
    err = rd_kafka_assign(client(), &partitions);
  }
  if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
    tell(kafka::error_of(err, "source: cannot read what was assigned: " + kafka::words(err)));
}

void KafkaSource::unassign(List& partitions) {
  if (cooperative(client())) {
    const kafka::ErrorHandle ignored(rd_kafka_incremental_unassign(client(), &partitions));
  } else {
    rd_kafka_assign(client(), nullptr);
  }
}

// Begins these partitions anew at the offsets given. A partition whose start failed is stopped inside librdkafka and cannot be
// sought, only assigned again.
void KafkaSource::restart(List& partitions) {
  if (cooperative(client())) {
    unassign(partitions);
    forward(partitions);
    return assign(partitions);
  }
  // The eager protocol knows whole assignments only: the others go on where they are.
  const ListHandle all = kafka::make_list();
  table_.for_each_held(
      [&](const TopicState& topic, std::int32_t partition, const PartitionState& state) {
        const auto* chosen =
            rd_kafka_topic_partition_list_find(&partitions, topic.name.c_str(), partition);
        auto& p = kafka::add(*all, topic.name, {partition});
        p.offset = chosen != nullptr ? chosen->offset : where_to_go_on(state);
        drop_queued(topic.name, partition);
      });
  forward(*all);
  assign(*all);
}

void KafkaSource::retry_pending_starts() {
  starts_pending_ = false;
  const ListHandle pending = kafka::make_list();
  table_.for_each_held(
      [&](const TopicState& topic, std::int32_t partition, const PartitionState& state) {
        if (state.start_pending) kafka::add(*pending, topic.name, {partition});
      });
  if (pending->cnt == 0) return;
  const ListHandle starts = kafka::make_list();
  if (Status s = resolve(*pending, *starts); !s) {
    starts_pending_ = true;
    if (ending()) return;
    return tell(std::move(s).error().at("source"));
  }
  for (auto& p : elements(*pending)) {
    PartitionState& state = *table_.find(p.topic, p.partition);
    state.start_pending = false;
    state.next = {std::max<std::int64_t>(p.offset, -1)};
  }
  if (options_.transactional) commit_starts_first(*starts, *pending);
  restart(*pending);
  if (!options_.transactional) commit_starts(*starts);
}

// librdkafka has no offset to go on from: either there never was one (and we could not ask before), or it is gone.
void KafkaSource::offset_reset(const rd_kafka_message_t& message, PartitionState& state) {
  if (state.start_pending) {
    starts_pending_ = true;
    next_retry_ = Steady::now();
    waker_->wake();
    return;
  }
  const std::string topic = rd_kafka_topic_name(message.rkt);
  std::int64_t low = -1;
  std::int64_t high = -1;
  const auto err = rd_kafka_query_watermark_offsets(client(), topic.c_str(), message.partition,
                                                    &low, &high, 5000);
  const std::string at = state.next.value >= 0 ? std::to_string(state.next.value) : "the beginning";
  std::string got = rd_kafka_message_errstr(&message);
  if (err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    got = "the partition holds " + std::to_string(low) + " to " + std::to_string(high) + " (" +
          (state.next.value >= 0 && state.next.value < low
               ? "the records before were deleted"
               : "it was cut off, or the topic was made anew") +
          ")";
  }
  tell(Error(Code::offset_out_of_range, "source: " + topic + "[" +
                                            std::to_string(message.partition) +
                                            "]: expected to go on at offset " + at + "; " + got +
                                            ". To go on anyway, stop the pipeline and reset the "
                                            "group: kafka-consumer-groups --group " +
                                            options_.group + " --topic " + topic +
                                            " --reset-offsets --to-earliest --execute"));
}

// --- commits ---------------------------------------------------------------------------------------------------

ListHandle KafkaSource::to_commit(std::span<const TopicPartitionOffset> next) {
  ListHandle list = kafka::make_list(next.size());
  for (const TopicPartitionOffset& o : next) {
    PartitionState* state = table_.find(o.at.topic, o.at.partition.value);
    if (state == nullptr) continue;  // not ours any more
    state->requested = o.offset;
    auto& p = kafka::add(*list, o.at.topic, o.at.partition);
    p.offset = o.offset.value;
    set_commit_metadata(p, table_.topic(o.at.topic)->partitions_at_start);
  }
  return list;
}

Status KafkaSource::commit(std::span<const TopicPartitionOffset> next, bool wait) {
  if (options_.dry_run || !opened_ || closed_) return {};
  ListHandle list = to_commit(next);
  if (wait) {  // the last word on these partitions: also what an earlier commit asked for and did not get
    const auto due = not_committed();
    list = to_commit(due);
    if (list->cnt == 0) return {};
    return commit_and_wait(*list);
  }
  if (list->cnt == 0) return {};
  const auto err = rd_kafka_commit(client(), list.get(), 1);
  if (err == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  if (kafka::membership_is_over(err)) {
    commit_again_ = true;
    return {};
  }
  return kafka::error_of(err, "source: offsets cannot be committed: " + kafka::words(err));
}

Status KafkaSource::commit_and_wait(const List& list) {
  // A coordinator answers nobody whose request to join it holds back, so a second wait in the same stop would be as long and as vain.
  if (ending() && commit_unanswered_)
    return Error(Code::timed_out,
                 "source: offsets were not committed: the group is being balanced, or its "
                 "coordinator is away; their records will be read again");
  const auto until = Steady::now() + options_.commit_timeout;
  rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR__TIMED_OUT;
  for (;;) {
    const auto left = std::chrono::duration_cast<Millis>(until - Steady::now());
    if (left <= Millis(0)) break;
    // librdkafka's own waiting commit has no time limit.
    const kafka::QueueHandle queue(rd_kafka_queue_new(client()));
    err = rd_kafka_commit_queue(client(), &list, queue.get(), nullptr, nullptr);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      const kafka::EventHandle event(
          rd_kafka_queue_poll(queue.get(), static_cast<int>(left.count())));
      err = event ? rd_kafka_event_error(event.get()) : RD_KAFKA_RESP_ERR__TIMED_OUT;
      if (event) {
        if (const auto* offsets = rd_kafka_event_topic_partition_list(event.get()))
          commit_finished(err, *offsets);
      }
    }
    commit_unanswered_ = false;
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
    // Between two generations of the group. Waiting here would not help: the group goes on when it is served.
    if (kafka::membership_is_over(err)) break;
    if (kafka::error_of(err, "").retry() == Retry::fatal) break;
    kafka::pause(Millis(50));  // the group is being balanced, or its coordinator moves
  }
  commit_unanswered_ = err == RD_KAFKA_RESP_ERR__TIMED_OUT;
  return kafka::error_of(err, "source: offsets were not committed: " + kafka::words(err) +
                                  "; their records will be read again");
}

void KafkaSource::on_commit(rd_kafka_t* /*rk*/, rd_kafka_resp_err_t err, List* offsets,
                            void* opaque) {
  if (offsets == nullptr) return;
  static_cast<Life*>(static_cast<kafka::ClientContext*>(opaque))
      ->source->commit_finished(err, *offsets);
}

void KafkaSource::commit_finished(rd_kafka_resp_err_t err, const List& offsets) {
  for (const auto& p : elements(offsets)) {
    PartitionState* state = table_.find(p.topic, p.partition);
    if (state == nullptr || p.offset < 0) continue;
    const rd_kafka_resp_err_t own = err != RD_KAFKA_RESP_ERR_NO_ERROR ? err : p.err;
    if (own == RD_KAFKA_RESP_ERR_NO_ERROR) {
      state->committed = std::max(state->committed, Offset{p.offset});
      life_->health.answered();
    } else if (kafka::membership_is_over(own)) {
      // Either the partition is somebody else's by now, and its revocation is on the way, or the group is between two generations
      // and we keep it (cooperative rebalance): then nobody would commit this offset if we did not ask again.
      commit_again_ = true;
    } else if (Error error =
                   kafka::error_of(own, "source: offsets were not committed: " + kafka::words(own));
               error.retry() == Retry::fatal) {
      tell(error);
    } else {
      commit_again_ = true;
    }
  }
}

// An asynchronous commit failed. A newer one usually follows by itself, but not on a quiet topic.
void KafkaSource::commit_again() {
  commit_again_ = false;
  const auto due = not_committed();
  if (!due.empty() && !commit(due, false)) commit_again_ = true;
}

// What was asked for and not acknowledged, of the partitions held.
std::vector<TopicPartitionOffset> KafkaSource::not_committed() {
  std::vector<TopicPartitionOffset> due;
  table_.for_each_held(
      [&](const TopicState& topic, std::int32_t partition, const PartitionState& state) {
        if (state.requested > state.committed)
          due.push_back({{topic.name, {partition}}, state.requested});
      });
  return due;
}

}  // namespace thalweg
