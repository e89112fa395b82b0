// The hot half of the Kafka source: messages into a batch.
#include <algorithm>
#include <cstring>
#include <utility>

#include "kafka/errors.h"
#include "source/kafka_source.h"

namespace thalweg {
namespace {

constexpr std::size_t chunk = 512;  // messages taken from librdkafka with one lock
// What librdkafka allocates for a message beside its bytes, about.
constexpr std::size_t client_bytes = 400;

std::size_t size_of(const rd_kafka_message_t& m) {
  return m.len + m.key_len;
}

std::optional<std::string_view> view(const void* data, std::size_t size) {
  if (data == nullptr) return std::nullopt;
  return std::string_view(static_cast<const char*>(data), size);
}

void add_headers(const rd_kafka_message_t& message, Batch& batch) {
  rd_kafka_headers_t* headers = nullptr;  // the message's, and as long-lived
  if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0;
       rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
       ++i) {
    batch.add_header({name, view(value, size)});
  }
}

Timestamp timestamp_of(const rd_kafka_message_t& message) {
  rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
  const std::int64_t ms = rd_kafka_message_timestamp(&message, &type);
  return type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE ? Timestamp{} : Timestamp{ms};
}

}  // namespace

std::size_t KafkaSource::drain(Batch& batch, const DrainLimits& limits) {
  if (!opened_ || closed_) return 0;
  queue_empty_ = false;
  std::size_t records = 0;
  std::size_t bytes = 0;
  while (records < limits.records) {
    if (options_.dry_run && options_.dry_run->limit > 0 && delivered_ >= options_.dry_run->limit)
      break;
    rd_kafka_message_t* message = peek(limits.records - records);
    if (message == nullptr) break;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR && records > 0 &&
        bytes + size_of(*message) > limits.bytes) {
      waker_->wake();  // fewer than asked for, but not all there was
      break;
    }
    ++taken_begin_;
    const std::size_t size = size_of(*message);
    if (!deliver(message, batch)) continue;
    ++records;
    bytes += size;
  }
  if (records > 0) {
    batch.keep(life_);  // let go after the messages
    life_->health.answered();
    told_.clear();
  }
  return records;
}

// The oldest message not yet delivered; null when nothing has arrived.
rd_kafka_message_t* KafkaSource::peek(std::size_t wanted) {
  if (taken_begin_ < taken_.size()) return taken_[taken_begin_];
  taken_.clear();
  taken_begin_ = 0;
  if (queue_empty_) return nullptr;
  const std::size_t size = std::min(wanted, chunk);
  queue_empty_ = take_from_data(size) < size;
  return taken_.empty() ? nullptr : taken_.front();
}

// Appends to what was taken, without waiting; returns how many.
std::size_t KafkaSource::take_from_data(std::size_t at_most) {
  const std::size_t before = taken_.size();
  taken_.resize(before + at_most);
  // With any other timeout it would wait until the array is full.
  const ssize_t got = rd_kafka_consume_batch_queue(data_.get(), 0, taken_.data() + before, at_most);
  taken_.resize(before + (got > 0 ? static_cast<std::size_t>(got) : 0));
  return taken_.size() - before;
}

bool KafkaSource::deliver(rd_kafka_message_t* message, Batch& batch) {
  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    partition_error(*message);
    rd_kafka_message_destroy(message);
    return false;
  }
  std::string_view topic;
  PartitionState* state = table_.find(message->rkt, message->partition, topic);
  // Left in the queue by a partition that was revoked, or from before a seek.
  if (state == nullptr || message->offset < state->next.value) {
    rd_kafka_message_destroy(message);
    return false;
  }
  state->next = Offset{message->offset}.next();
  state->start_pending = false;  // librdkafka found where to begin
  SourceRecord record;
  record.topic = topic;
  record.partition = {message->partition};
  record.offset = {message->offset};
  record.timestamp = timestamp_of(*message);
  record.key = view(message->key, message->key_len);
  record.value = view(message->payload, message->len);
  record.headers_begin = static_cast<std::uint32_t>(batch.headers().size());
  add_headers(*message, batch);
  record.headers_end = static_cast<std::uint32_t>(batch.headers().size());
  batch.add_record(record);
  batch.pin(
      message, [](void* m) { rd_kafka_message_destroy(static_cast<rd_kafka_message_t*>(m)); },
      size_of(*message) + client_bytes);
  if (options_.dry_run) ++delivered_;
  return true;
}

void KafkaSource::partition_error(const rd_kafka_message_t& message) {
  std::string_view topic;
  PartitionState* state =
      message.rkt != nullptr ? table_.find(message.rkt, message.partition, topic) : nullptr;
  if (message.rkt != nullptr && state == nullptr) return;  // not ours any more
  switch (message.err) {
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
      if (state != nullptr) state->at_end = true;
      return;
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
      if (state != nullptr) offset_reset(message, *state);
      return;
    default:
      tell(kafka::error_of(message.err, "source: " + std::string(topic) + "[" +
                                            std::to_string(message.partition) +
                                            "]: " + rd_kafka_message_errstr(&message)));
  }
}

// Records among the events: a partition that librdkafka stopped and began anew has lost its forwarding. They are taken as any
// others, in their order: behind what went the right way before, ahead of what goes it from now on. Forwarding at once bounds
// them: what comes later waits in librdkafka.
void KafkaSource::take_astray() {
  while (take_from_data(chunk) == chunk) {
  }
  const kafka::ListHandle list = kafka::make_list();
  for (rd_kafka_message_t* m : std::exchange(astray_, {})) {
    const char* topic = rd_kafka_topic_name(m->rkt);
    if (rd_kafka_topic_partition_list_find(list.get(), topic, m->partition) == nullptr) {
      kafka::add(*list, topic, {m->partition});
      life_->log.say(kafka::LogLevel::info, std::string(topic) + "[" +
                                                std::to_string(m->partition) +
                                                "]: records came among the events, from offset " +
                                                std::to_string(m->offset));
    }
    taken_.push_back(m);
  }
  forward(*list);
  poll_events();
  taken_.insert(taken_.end(), astray_.begin(), astray_.end());  // what came before forwarding
  astray_.clear();
  waker_->wake();
}

// What was taken off the queue for a partition that is revoked or sought.
void KafkaSource::drop_queued(std::string_view topic, std::int32_t partition) {
  const auto theirs = [&](rd_kafka_message_t* m) {
    if (m->rkt == nullptr || m->partition != partition || topic != rd_kafka_topic_name(m->rkt))
      return false;
    rd_kafka_message_destroy(m);
    return true;
  };
  const auto begin = taken_.begin() + static_cast<std::ptrdiff_t>(taken_begin_);
  taken_.erase(std::remove_if(begin, taken_.end(), theirs), taken_.end());
}

}  // namespace thalweg
