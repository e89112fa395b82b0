#include "control/kafka_log.h"

#include <algorithm>
#include <condition_variable>

#include <fmt/format.h>

#include "kafka/errors.h"

namespace thalweg::control {
namespace {

using namespace std::chrono_literals;
using kafka::Role;

struct DestroyMessage {
  void operator()(rd_kafka_message_t* m) const noexcept { rd_kafka_message_destroy(m); }
};
using Message = std::unique_ptr<rd_kafka_message_t, DestroyMessage>;

LogEntry entry_of(const rd_kafka_message_t& m) {
  LogEntry entry;
  entry.offset = m.offset;
  if (m.key != nullptr) entry.key.assign(static_cast<const char*>(m.key), m.key_len);
  if (m.payload != nullptr) entry.value.emplace(static_cast<const char*>(m.payload), m.len);
  entry.at_ms = rd_kafka_message_timestamp(&m, nullptr);
  return entry;
}

int ms_of(std::chrono::milliseconds time) {
  return static_cast<int>(time.count());
}

// A compacted topic keeps an old entry until its segment is closed: heartbeats would fill it.
std::vector<std::pair<std::string, std::string>> compacted_settings() {
  return {{"cleanup.policy", "compact"},
          {"segment.ms", "3600000"},
          {"min.cleanable.dirty.ratio", "0.1"},
          {"delete.retention.ms", "604800000"}};
}

}  // namespace

// One append that waits; the producer's callback fills it. Shared with the callback, since the waiter may have given up.
struct KafkaLog::Acknowledged {
  std::mutex mutex;
  bool done = false;
  rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR_NO_ERROR;
  std::int64_t offset = -1;
};

KafkaLog::KafkaLog(KafkaLogOptions options)
    : options_(std::move(options)),
      reading_(std::make_unique<kafka::ClientContext>(options_.kafka.brokers(), options_.log)),
      writing_(std::make_unique<kafka::ClientContext>(options_.kafka.brokers(), options_.log)) {}

KafkaLog::~KafkaLog() {
  if (consumer_) rd_kafka_consumer_close(consumer_.get());
  // A last word may be under way; what does not get out in a second is told by silence.
  if (producer_) {
    rd_kafka_flush(producer_.get(), 1000);
    rd_kafka_purge(producer_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    rd_kafka_flush(producer_.get(), 100);  // their callbacks free what waits
  }
}

std::string KafkaLog::where() const {
  return fmt::format("topic '{}' on {}", options_.topic, options_.kafka.brokers());
}

Status KafkaLog::open() {
  if (!consumer_) {
    if (Status s = make_consumer(); !s) return s;
  }
  if (!producer_) {
    if (Status s = make_producer(); !s) return s;
  }
  if (Status s = find_topic(consumer_.get(), options_.topic, true); !s) return s;
  if (!options_.audit_topic.empty()) {
    if (Status s = find_topic(consumer_.get(), options_.audit_topic, false); !s) return s;
  }
  const kafka::ListHandle list = kafka::make_list(1);
  kafka::add(*list, options_.topic, {0}).offset = RD_KAFKA_OFFSET_BEGINNING;
  const auto err = rd_kafka_assign(consumer_.get(), list.get());
  if (err == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return kafka::error_of(
      err, fmt::format("{}: expected to read it; got {}", where(), kafka::words(err)));
}

Status KafkaLog::find_topic(rd_kafka_t* client, const std::string& topic, bool compacted) {
  const auto serve = [&] { const Message m(rd_kafka_consumer_poll(client, 0)); };
  auto info =
      kafka::await_topic(client, reading_->health, topic, options_.timeout, serve, options_.stop);
  if (!info) return std::move(info).error();
  if (!*info) {
    if (!options_.create_missing)
      return kafka::topic_missing_error(
          client, topic, options_.kafka.brokers(),
          compacted ? "Create it with one partition and cleanup.policy=compact, or set "
                      "create_topics, or change a model with `thalweg models`, which creates it."
                    : "Create it with cleanup.policy=delete, or set create_topics.");
    kafka::TopicSpec spec = *options_.create_missing;
    spec.name = topic;
    spec.partitions = 1;
    std::erase_if(spec.configs, [](const auto& c) { return c.first == "cleanup.policy"; });
    if (compacted) {
      spec.configs = compacted_settings();
    } else {
      spec.configs.emplace_back("cleanup.policy", "delete");
      if (std::none_of(spec.configs.begin(), spec.configs.end(),
                       [](const auto& c) { return c.first == "retention.ms"; }))
        spec.configs.emplace_back("retention.ms", "-1");
    }
    return kafka::create_topic(client, spec, options_.timeout);
  }
  if (!compacted) return check_audit(client, topic);
  if ((*info)->partitions != 1)
    return Error(Code::config_invalid,
                 fmt::format("control.topic: expected '{}' to have one partition, since the order "
                             "of changes is the order in it; got {}; name another topic",
                             topic, (*info)->partitions));
  // Not every user may read it; then it is believed.
  const auto policy = kafka::topic_setting(client, topic, "cleanup.policy", options_.timeout);
  if (policy && policy->find("compact") == std::string::npos)
    return Error(Code::config_invalid,
                 fmt::format("control.topic: expected '{}' to have cleanup.policy=compact; got "
                             "'{}', which deletes the last word on a model; change it, or name "
                             "another topic",
                             topic, *policy));
  return {};
}

// The lines of a model have one key: compaction would keep the last of them.
Status KafkaLog::check_audit(rd_kafka_t* client, const std::string& topic) const {
  const auto policy = kafka::topic_setting(client, topic, "cleanup.policy", options_.timeout);
  if (!policy || policy->find("compact") == std::string::npos) return {};
  return Error(Code::config_invalid,
               fmt::format("control.audit_topic: expected '{}' to have cleanup.policy=delete; got "
                           "'{}', which deletes all but the last change of each model; change it, "
                           "or name another topic",
                           topic, *policy));
}

Status KafkaLog::make_consumer() {
  auto conf = kafka::make_conf(options_.kafka, Role::consumer,
                               {{"client.id", options_.client_id},
                                {"group.id", "thalweg-control"},  // never joined
                                {"fetch.wait.max.ms", "500"},
                                {"queued.max.messages.kbytes", "8192"}},
                               {{"enable.auto.commit", "false"},
                                {"enable.auto.offset.store", "false"},
                                {"enable.partition.eof", "true"},
                                {"isolation.level", "read_committed"},
                                {"auto.offset.reset", "earliest"}});
  if (!conf) return std::move(conf).error();
  auto client = kafka::make_client(Role::consumer, *std::move(conf), *reading_);
  if (!client) return std::move(client).error();
  consumer_ = *std::move(client);
  rd_kafka_poll_set_consumer(consumer_.get());
  return {};
}

Status KafkaLog::make_producer() {
  auto conf = kafka::make_conf(options_.kafka, Role::producer,
                               {{"client.id", options_.client_id}, {"linger.ms", "0"}},
                               {{"enable.idempotence", "true"},
                                {"acks", "all"},
                                {"message.timeout.ms", std::to_string(options_.timeout.count())}});
  if (!conf) return std::move(conf).error();
  rd_kafka_conf_set_dr_msg_cb(conf->get(), on_delivery);
  auto client = kafka::make_client(Role::producer, *std::move(conf), *writing_);
  if (!client) return std::move(client).error();
  producer_ = *std::move(client);
  return {};
}

Status KafkaLog::poll(std::chrono::milliseconds at_most, std::vector<LogEntry>& entries,
                      bool& ended) {
  ended = false;
  const Message m(rd_kafka_consumer_poll(consumer_.get(), ms_of(at_most)));
  if (!m) return {};
  if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    ended = true;
    next_ = std::max(next_, m->offset);
    return {};
  }
  if (m->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    Error error = kafka::error_of(
        m->err, fmt::format("{}: expected to read it; got {}", where(), kafka::words(m->err)));
    // It goes on trying by itself.
    return error.retry() == Retry::backoff ? Status{} : Status(std::move(error));
  }
  next_ = m->offset + 1;
  entries.push_back(entry_of(*m));
  return {};
}

Result<std::vector<LogEntry>> KafkaLog::read_to_end() {
  // Asked by the producer: on the consumer's connection the answer would wait behind its long fetch.
  auto range = kafka::offset_ranges(producer_.get(), {{options_.topic, {0}}}, options_.timeout);
  if (!range) return std::move(range).error();
  const std::int64_t end = range->front().high.value;
  std::vector<LogEntry> entries;
  const auto patience = [&] { return std::chrono::steady_clock::now() + options_.timeout; };
  auto until = patience();
  // An empty topic, or one that was compacted to its end, has only its end to tell of.
  while (next_ < end && end > range->front().low.value) {
    bool ended = false;
    const std::size_t before = entries.size();
    if (Status s = poll(100ms, entries, ended); !s) return std::move(s).error();
    if (ended && next_ >= end) break;
    if (entries.size() > before) until = patience();
    if (std::chrono::steady_clock::now() > until || options_.stop.stop_requested())
      return Error(Code::timed_out,
                   fmt::format("{}: expected to read it to its end, {}; nothing more came after "
                               "{}; is the broker well?",
                               where(), end, next_));
  }
  return entries;
}

Result<std::vector<LogEntry>> KafkaLog::follow(std::chrono::milliseconds at_most) {
  std::vector<LogEntry> entries;
  bool ended = false;
  if (Status s = poll(at_most, entries, ended); !s) return std::move(s).error();
  // What lies ready behind the first one comes along.
  for (std::size_t before = 0; entries.size() > before;) {
    before = entries.size();
    if (Status s = poll(0ms, entries, ended); !s) return std::move(s).error();
  }
  if (producer_) rd_kafka_poll(producer_.get(), 0);
  return entries;
}

void KafkaLog::on_delivery(rd_kafka_t*, const rd_kafka_message_t* message, void*) {
  const std::unique_ptr<std::shared_ptr<Acknowledged>> held(
      static_cast<std::shared_ptr<Acknowledged>*>(message->_private));
  if (!held) return;
  const std::lock_guard lock((*held)->mutex);
  (*held)->done = true;
  (*held)->err = message->err;
  (*held)->offset = message->offset;
}

Status KafkaLog::send(const std::string& topic, const std::string& key,
                      const std::optional<std::string>& value, void* opaque) {
  if (!producer_) return Error(Code::internal, where() + ": written to before it was opened");
  void* payload = value ? const_cast<char*>(value->data()) : nullptr;
  const std::size_t size = value ? value->size() : 0;
  const auto err = rd_kafka_producev(
      producer_.get(), RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_PARTITION(0),
      RD_KAFKA_V_KEY(const_cast<char*>(key.data()), key.size()), RD_KAFKA_V_VALUE(payload, size),
      RD_KAFKA_V_OPAQUE(opaque), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
  if (err == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return kafka::error_of(
      err, fmt::format("topic '{}': expected to write to it; got {}", topic, kafka::words(err)));
}

Result<std::int64_t> KafkaLog::send_and_wait(const std::string& topic, const std::string& key,
                                             const std::optional<std::string>& value) {
  const auto waits = std::make_shared<Acknowledged>();
  auto held = std::make_unique<std::shared_ptr<Acknowledged>>(waits);
  if (Status s = send(topic, key, value, held.get()); !s) return std::move(s).error();
  (void)held.release();  // the callback's now
  // message.timeout.ms bounds this: every message is reported by then.
  for (;;) {
    {
      const std::lock_guard lock(waits->mutex);
      if (waits->done) break;
    }
    rd_kafka_poll(producer_.get(), 10);
  }
  if (waits->err == RD_KAFKA_RESP_ERR_NO_ERROR) return waits->offset;
  return Error(kafka::delivery_code_of(waits->err),
               fmt::format("topic '{}': expected every replica to acknowledge the record; got {}; "
                           "look at the state before trying again, it may be written",
                           topic, kafka::words(waits->err)));
}

Result<std::int64_t> KafkaLog::append(const std::string& key,
                                      const std::optional<std::string>& value) {
  return send_and_wait(options_.topic, key, value);
}

Status KafkaLog::post(const std::string& key, const std::optional<std::string>& value) {
  if (!producer_) return {};
  Status sent = send(options_.topic, key, value, nullptr);
  rd_kafka_poll(producer_.get(), 0);
  return sent;
}

Status KafkaLog::audit(const std::string& key, const std::string& value) {
  if (options_.audit_topic.empty()) return {};
  auto written = send_and_wait(options_.audit_topic, key, value);
  if (!written) return std::move(written).error();
  return {};
}

}  // namespace thalweg::control
