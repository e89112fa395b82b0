#include "chaos/verifier.h"

#include <memory>
#include <string_view>

namespace thalweg::chaos {
namespace {

std::string_view bytes(const void* data, std::size_t size) {
  return data == nullptr ? std::string_view()
                         : std::string_view(static_cast<const char*>(data), size);
}

struct DestroyMessage {
  void operator()(rd_kafka_message_t* m) const noexcept { rd_kafka_message_destroy(m); }
};

std::optional<Record> record_of(const rd_kafka_message_t& message) {
  rd_kafka_headers_t* headers = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR ||
      rd_kafka_header_get_last(headers, header_name.data(), &value, &size) !=
          RD_KAFKA_RESP_ERR_NO_ERROR)
    return std::nullopt;
  return read_header(bytes(value, size));
}

}  // namespace

Verifier::Verifier(const std::string& brokers, const TopicOf& outputs, const TopicOf& dead_letters,
                   Delivery delivery)
    : dead_topic_(dead_letters.name),
      client_(bench::make_client(RD_KAFKA_CONSUMER,
                                 bench::make_conf(brokers, {{"group.id", "chaos-verifier"},
                                                            {"enable.auto.commit", "false"},
                                                            {"isolation.level", "read_committed"},
                                                            {"auto.offset.reset", "earliest"},
                                                            {"reconnect.backoff.max.ms", "500"},
                                                            {"fetch.wait.max.ms", "20"},
                                                            {"log_level", "0"}}))),
      ledger_(delivery) {
  const kafka::ListHandle list = kafka::make_list();
  for (const TopicOf* topic : {&outputs, &dead_letters}) {
    for (int p = 0; p < topic->partitions; ++p) kafka::add(*list, topic->name, {p}).offset = 0;
  }
  rd_kafka_poll_set_consumer(client_.get());
  rd_kafka_assign(client_.get(), list.get());
  thread_ = std::thread([this] { serve(); });
}

Verifier::~Verifier() {
  stop_.store(true);
  if (thread_.joinable()) thread_.join();
}

void Verifier::serve() {
  while (!stop_.load()) {
    const std::unique_ptr<rd_kafka_message_t, DestroyMessage> message(
        rd_kafka_consumer_poll(client_.get(), 50));
    // An error is a broker that is away just now: librdkafka goes on by itself.
    if (message && message->err == RD_KAFKA_RESP_ERR_NO_ERROR) take(*message);
  }
}

void Verifier::take(const rd_kafka_message_t& message) {
  const auto record = record_of(message);
  const std::string_view value = bytes(message.payload, message.len);
  const std::lock_guard lock(mutex_);
  if (record) note_flow(*record);
  if (!record) {
    ledger_.stray(value);
  } else if (rd_kafka_topic_name(message.rkt) == dead_topic_) {
    ledger_.dead_letter(*record);
  } else {
    ledger_.output(*record, value);
  }
}

Totals Verifier::totals() const {
  const std::lock_guard lock(mutex_);
  return ledger_.totals();
}

void Verifier::mark(const std::vector<std::int64_t>& marks) {
  const std::lock_guard lock(mutex_);
  marks_ = marks;
  awaited_ = marks.size();
  marked_ = now();
  flow_ = {};
}

void Verifier::note_flow(const Record& record) {
  const auto at = static_cast<std::size_t>(record.partition);
  if (at >= marks_.size() || marks_[at] < 0 || record.number < marks_[at]) return;
  marks_[at] = -1;
  const double time = seconds(now() - marked_);
  if (!flow_.first) flow_.first = time;
  if (--awaited_ == 0) flow_.all = time;
}

Verifier::Flow Verifier::flow() const {
  const std::lock_guard lock(mutex_);
  return flow_;
}

void Verifier::close(const std::vector<std::int64_t>& written) {
  stop_.store(true);
  thread_.join();
  const std::lock_guard lock(mutex_);
  ledger_.close(written);
}

}  // namespace thalweg::chaos
