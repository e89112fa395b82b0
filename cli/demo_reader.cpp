#include "cli/demo_reader.h"

#include "kafka/admin.h"
#include "kafka/errors.h"

namespace thalweg::cli {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds timeout = 15s;

std::string_view header(const rd_kafka_message_t& message, const char* name) {
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  const void* value = nullptr;
  std::size_t size = 0;
  if (rd_kafka_header_get_last(headers, name, &value, &size) != RD_KAFKA_RESP_ERR_NO_ERROR)
    return {};
  return {static_cast<const char*>(value), size};
}

DemoRecord record_of(const rd_kafka_message_t& message) {
  DemoRecord record;
  record.topic = rd_kafka_topic_name(message.rkt);
  if (message.payload != nullptr)
    record.value = std::string_view(static_cast<const char*>(message.payload), message.len);
  record.dead_code = header(message, "__thalweg.errors.code");
  record.dead_message = header(message, "__thalweg.errors.message");
  return record;
}

}  // namespace

Result<std::unique_ptr<DemoReader>> DemoReader::make(const kafka::Config& config,
                                                     const std::vector<std::string>& topics) {
  std::unique_ptr<DemoReader> reader(new DemoReader);
  auto conf = kafka::make_conf(config, kafka::Role::consumer,
                               {{"fetch.wait.max.ms", "20"}, {"group.id", "thalweg-demo-reader"}},
                               {{"enable.auto.commit", "false"}});
  if (!conf) return std::move(conf).error();
  auto client =
      kafka::make_client(kafka::Role::consumer, std::move(conf).value(), reader->context_);
  if (!client) return std::move(client).error();
  reader->client_ = std::move(client).value();
  rd_kafka_poll_set_consumer(reader->client_.get());
  if (Status assigned = reader->assign(config, topics); !assigned.ok())
    return std::move(assigned).error();
  return reader;
}

Status DemoReader::assign(const kafka::Config& config, const std::vector<std::string>& topics) {
  auto admin = kafka::Admin::make(config, [](kafka::LogLevel, std::string_view) {});
  if (!admin) return std::move(admin).error();
  std::vector<TopicPartition> places;
  for (const std::string& topic : topics) {
    auto info = admin->topic(topic, timeout);
    if (!info) return std::move(info).error();
    for (int p = 0; *info && p < (*info)->partitions; ++p) places.push_back({topic, {p}});
  }
  auto ranges = kafka::offset_ranges(admin->client(), places, timeout);
  if (!ranges) return std::move(ranges).error();
  const kafka::ListHandle list = kafka::make_list(places.size());
  for (std::size_t i = 0; i < places.size(); ++i) {
    kafka::add(*list, places[i].topic, places[i].partition).offset = (*ranges)[i].high.value;
  }
  const rd_kafka_resp_err_t err = rd_kafka_assign(client_.get(), list.get());
  if (err == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return kafka::error_of(err, "demo: the output topics cannot be read: " + kafka::words(err));
}

DemoReader::~DemoReader() {
  if (client_) rd_kafka_consumer_close(client_.get());
}

std::size_t DemoReader::read(std::chrono::milliseconds wait,
                             const std::function<void(const DemoRecord&)>& take) {
  std::size_t count = 0;
  // One round ends after a while even if records keep coming, so that whoever calls can look at the clock.
  constexpr std::size_t count_max = 500;
  while (count < count_max) {
    rd_kafka_message_t* message =
        rd_kafka_consumer_poll(client_.get(), count == 0 ? static_cast<int>(wait.count()) : 0);
    if (message == nullptr) break;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      take(record_of(*message));
      ++count;
    }
    rd_kafka_message_destroy(message);
  }
  return count;
}

}  // namespace thalweg::cli
