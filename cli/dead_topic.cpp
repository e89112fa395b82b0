#include "cli/dead_topic.h"

#include <fmt/format.h>

#include "cli/topic_reader.h"
#include "kafka/admin_request.h"
#include "kafka/errors.h"
#include "run/kafka_ports.h"

namespace thalweg::cli {
namespace {

using kafka::Millis;
using kafka::Role;

const kafka::LogSink silent = [](kafka::LogLevel, std::string_view) {};

DeadLetter letter_of(const rd_kafka_message_t& message) {
  DeadLetter letter;
  letter.at = {rd_kafka_topic_name(message.rkt), {message.partition}};
  letter.offset = {message.offset};
  letter.timestamp = {rd_kafka_message_timestamp(&message, nullptr)};
  const auto bytes = [](const void* data, std::size_t size) -> std::optional<std::string> {
    if (data == nullptr) return std::nullopt;
    return std::string(static_cast<const char*>(data), size);
  };
  letter.key = bytes(message.key, message.key_len);
  letter.value = bytes(message.payload, message.len);
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return letter;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0;
       rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i)
    letter.headers.emplace_back(name, bytes(value, size));
  return letter;
}

}  // namespace

DeadTopics::DeadTopics(const PipelineFile& file, kafka::Config config, Millis timeout)
    : pipeline_(file.values.string("pipeline")),
      topic_(file.values.section("dead_letters").string("topic")),
      message_bytes_max_(2 * file.values.section("from").integer("value_bytes_max") + (1 << 20)),
      config_(std::move(config)),
      timeout_(timeout) {
  const Values& dead = file.values.section("dead_letters");
  if (dead.has("retry_topic")) retry_ = dead.string("retry_topic");
}

Result<std::unique_ptr<DeadTopics>> DeadTopics::open(const PipelineFile& file, Millis timeout) {
  if (!file.values.given("dead_letters"))
    return config_error(file.values.where(),
                        "dead_letters: expected them to be configured; got none, so that nothing "
                        "is written anywhere; set dead_letters.topic");
  auto config = kafka_config_of(file);
  if (!config) return std::move(config).error();
  return std::unique_ptr<DeadTopics>(new DeadTopics(file, *std::move(config), timeout));
}

Result<int> DeadTopics::read_topic(Role cluster, const std::string& topic,
                                   const std::function<bool(DeadLetter&&)>& take) {
  const kafka::Config config = config_.for_admin_of(cluster);
  TopicReader reader(config, topic, "dead." + pipeline_, timeout_);
  if (Status s = reader.open(); !s) return std::move(s).error();
  Status read = reader.read([&](const rd_kafka_message_t& m) { return take(letter_of(m)); });
  if (!read) return std::move(read).error();
  return reader.partitions();
}

Result<int> DeadTopics::read(const std::function<bool(DeadLetter&&)>& take) {
  return read_topic(Role::producer, topic_, take);  // they are written where the outputs are
}

Result<std::vector<std::string>> DeadTopics::replayed() {
  if (retry_.empty())
    return Error(Code::config_invalid,
                 "dead_letters.retry_topic: expected the topic that dead letters are sent to, and "
                 "that the pipeline reads; got none; set it, and restart the pipeline");
  std::vector<std::string> places;
  auto partitions = read_topic(Role::consumer, retry_, [&](DeadLetter&& record) {
    for (const auto& [name, value] : record.headers) {
      if (name == replay_of_header && value) places.push_back(*value);
    }
    return true;
  });
  if (!partitions) return std::move(partitions).error();
  return places;
}

void DeadTopics::on_delivery(rd_kafka_t* /*rk*/, const rd_kafka_message_t* message, void* opaque) {
  auto* outcome = static_cast<Outcome*>(static_cast<kafka::ClientContext*>(opaque));
  if (outcome->failed == RD_KAFKA_RESP_ERR_NO_ERROR) outcome->failed = message->err;
}

Status DeadTopics::make_producer() {
  if (producer_) return {};
  const kafka::Config config = config_.for_admin_of(Role::consumer);  // the pipeline reads it
  auto conf = kafka::make_conf(
      config, Role::producer,
      {{"partitioner", "murmur2_random"},
       {"message.max.bytes", std::to_string(message_bytes_max_)}},
      {{"enable.idempotence", "true"}, {"message.timeout.ms", std::to_string(timeout_.count())}});
  if (!conf) return std::move(conf).error();
  rd_kafka_conf_set_dr_msg_cb(conf->get(), on_delivery);
  outcome_ = std::make_unique<Outcome>(config.brokers(), silent);
  auto client = kafka::make_client(Role::producer, *std::move(conf), *outcome_);
  if (!client) return std::move(client).error();
  producer_ = *std::move(client);
  return {};
}

Status DeadTopics::send(const DeadLetter& letter) {
  if (Status s = make_producer(); !s) return s;
  const auto bytes = [](const std::optional<std::string>& b) {
    return std::pair<void*, std::size_t>(b ? const_cast<char*>(b->data()) : nullptr,
                                         b ? b->size() : 0);
  };
  const auto [key, key_size] = bytes(letter.key);
  const auto [value, value_size] = bytes(letter.value);
  const MessageHeaders all = letter.replay_headers();
  rd_kafka_headers_t* headers = rd_kafka_headers_new(all.size());
  for (const auto& [name, text] : all)
    rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()),
                        text ? text->data() : nullptr,
                        text ? static_cast<ssize_t>(text->size()) : 0);
  for (;;) {
    const auto err = rd_kafka_producev(
        producer_.get(), RD_KAFKA_V_TOPIC(retry_.c_str()), RD_KAFKA_V_KEY(key, key_size),
        RD_KAFKA_V_VALUE(value, value_size), RD_KAFKA_V_HEADERS(headers),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR) break;  // the headers are the message's now
    if (err != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
      rd_kafka_headers_destroy(headers);
      return kafka::error_of(err, fmt::format("{}: expected to send it to '{}'; got {}",
                                              letter.place(), retry_, kafka::words(err)));
    }
    rd_kafka_poll(producer_.get(), 100);
  }
  rd_kafka_poll(producer_.get(), 0);
  return {};
}

Status DeadTopics::flush() {
  if (!producer_) return {};
  // message.timeout.ms bounds it: every message is reported by then.
  while (rd_kafka_flush(producer_.get(), 1000) == RD_KAFKA_RESP_ERR__TIMED_OUT) {
  }
  if (outcome_->failed == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return kafka::error_of(
      outcome_->failed,
      fmt::format("topic '{}': expected all records to be written; got {}; those that were not are "
                  "sent when the same command is given again",
                  retry_, kafka::words(outcome_->failed)));
}

Status DeadTopics::cut_off(const std::vector<CutOff>& where) {
  if (where.empty()) return {};
  auto admin = kafka::Admin::make(config_.for_admin_of(Role::producer), silent);
  if (!admin) return std::move(admin).error();
  const kafka::ListHandle list = kafka::make_list(where.size());
  for (const CutOff& cut : where)
    kafka::add(*list, topic_, cut.partition).offset = cut.before.value;
  rd_kafka_DeleteRecords_t* wanted = rd_kafka_DeleteRecords_new(list.get());
  kafka::AdminRequest request(admin->client(), RD_KAFKA_ADMIN_OP_DELETERECORDS, timeout_);
  rd_kafka_DeleteRecords(admin->client(), &wanted, 1, request.options(), request.queue());
  rd_kafka_DeleteRecords_destroy(wanted);
  auto event = request.wait();
  if (!event) return std::move(event).error().at("topic '" + topic_ + "'");
  const auto* result = rd_kafka_event_DeleteRecords_result(event->get());
  for (const auto& p : kafka::elements(*rd_kafka_DeleteRecords_result_offsets(result))) {
    if (p.err != RD_KAFKA_RESP_ERR_NO_ERROR)
      return kafka::error_of(
          p.err, fmt::format("topic '{}'[{}]: expected its records to be deleted; got {}; is its "
                             "cleanup.policy delete?",
                             topic_, p.partition, kafka::words(p.err)));
  }
  return {};
}

}  // namespace thalweg::cli
