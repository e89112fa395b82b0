#include "support/mock_cluster.h"

#include <algorithm>
#include <cstdlib>
#include <random>
#include <stdexcept>

namespace thalweg::test {
namespace {

kafka::ClientHandle client(rd_kafka_type_t type, const std::string& brokers,
                           std::vector<std::pair<std::string, std::string>> settings) {
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  char text[512];
  settings.emplace_back("bootstrap.servers", brokers);
  settings.emplace_back("fetch.wait.max.ms", "10");
  settings.emplace_back("log_level", "3");
  for (const auto& [name, value] : settings)
    rd_kafka_conf_set(conf, name.c_str(), value.c_str(), text, sizeof text);
  rd_kafka_t* rk = rd_kafka_new(type, conf, text, sizeof text);
  if (rk == nullptr) throw std::runtime_error(text);
  return kafka::ClientHandle(rk);
}

rd_kafka_headers_t* headers_of(const TestMessage& m) {
  rd_kafka_headers_t* headers = rd_kafka_headers_new(m.headers.size());
  for (const auto& [name, value] : m.headers) {
    rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()),
                        value ? value->data() : nullptr,
                        value ? static_cast<ssize_t>(value->size()) : 0);
  }
  return headers;
}

void* data(const std::optional<std::string>& bytes) {
  return bytes ? const_cast<char*>(bytes->data()) : nullptr;
}
std::size_t size(const std::optional<std::string>& bytes) {
  return bytes ? bytes->size() : 0;
}

int partitions_of(rd_kafka_t* rk, const std::string& topic) {
  const kafka::TopicHandle handle(rd_kafka_topic_new(rk, topic.c_str(), nullptr));
  const rd_kafka_metadata_t* m = nullptr;
  if (rd_kafka_metadata(rk, 0, handle.get(), &m, 10000) != RD_KAFKA_RESP_ERR_NO_ERROR)
    throw std::runtime_error("metadata");
  const int n = m->topic_cnt == 1 ? m->topics[0].partition_cnt : 0;
  rd_kafka_metadata_destroy(m);
  return n;
}

}  // namespace

TestMessage read_message(const rd_kafka_message_t& m) {
  TestMessage out;
  if (m.payload != nullptr) out.value.emplace(static_cast<const char*>(m.payload), m.len);
  if (m.key != nullptr) out.key.emplace(static_cast<const char*>(m.key), m.key_len);
  out.partition = m.partition;
  out.offset = m.offset;
  out.timestamp = rd_kafka_message_timestamp(&m, nullptr);
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&m, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return out;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) == 0; ++i) {
    out.headers.emplace_back(
        name, value != nullptr ? std::optional(std::string(static_cast<const char*>(value), size))
                               : std::nullopt);
  }
  return out;
}

void produce(const std::string& brokers, const std::string& topic,
             const std::vector<TestMessage>& messages) {
  const auto rk = client(RD_KAFKA_PRODUCER, brokers, {{"linger.ms", "1"}});
  for (const TestMessage& m : messages) {
    rd_kafka_headers_t* headers = headers_of(m);
    const auto err = rd_kafka_producev(
        rk.get(), RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_PARTITION(m.partition),
        RD_KAFKA_V_VALUE(data(m.value), size(m.value)), RD_KAFKA_V_KEY(data(m.key), size(m.key)),
        RD_KAFKA_V_TIMESTAMP(m.timestamp), RD_KAFKA_V_HEADERS(headers),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY | RD_KAFKA_MSG_F_BLOCK), RD_KAFKA_V_END);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR) throw std::runtime_error(rd_kafka_err2str(err));
  }
  if (rd_kafka_flush(rk.get(), 30000) != RD_KAFKA_RESP_ERR_NO_ERROR)
    throw std::runtime_error("flush");
}

std::vector<TestMessage> consume(const std::string& brokers, const std::string& topic,
                                 std::size_t count, std::chrono::milliseconds within) {
  const auto rk = client(RD_KAFKA_CONSUMER, brokers,
                         {{"group.id", unique("reader")}, {"auto.offset.reset", "earliest"}});
  rd_kafka_poll_set_consumer(rk.get());
  const kafka::ListHandle list = kafka::make_list();
  for (int p = 0; p < partitions_of(rk.get(), topic); ++p) {
    kafka::add(*list, topic, {p}).offset = RD_KAFKA_OFFSET_BEGINNING;
  }
  rd_kafka_assign(rk.get(), list.get());
  std::vector<TestMessage> all;
  const auto until = std::chrono::steady_clock::now() + within;
  while (all.size() < count && std::chrono::steady_clock::now() < until) {
    rd_kafka_message_t* m = rd_kafka_consumer_poll(rk.get(), 50);
    if (m == nullptr) continue;
    if (m->err == RD_KAFKA_RESP_ERR_NO_ERROR) all.push_back(read_message(*m));
    rd_kafka_message_destroy(m);
  }
  std::stable_sort(all.begin(), all.end(), [](const TestMessage& a, const TestMessage& b) {
    return std::pair(a.partition, a.offset) < std::pair(b.partition, b.offset);
  });
  return all;
}

std::string real_broker() {
  const char* address = std::getenv("THALWEG_TEST_KAFKA");
  return address != nullptr ? address : "";
}

std::string unique(const std::string& stem) {
  static const std::uint64_t run = std::random_device{}();
  static std::atomic<int> next{0};
  return stem + "-" + std::to_string(run) + "-" + std::to_string(next++);
}

}  // namespace thalweg::test
