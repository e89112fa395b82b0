#include "kafka.h"

#include <chrono>
#include <thread>

namespace thalweg::bench {
namespace {

constexpr std::chrono::seconds patience{30};

void check(rd_kafka_resp_err_t err, const std::string& what) {
  if (err != RD_KAFKA_RESP_ERR_NO_ERROR) fail(what + ": " + rd_kafka_err2str(err));
}

}  // namespace

kafka::ConfHandle make_conf(const std::string& brokers, const Properties& properties) {
  kafka::ConfHandle conf(rd_kafka_conf_new());
  const auto set = [&](const std::string& name, const std::string& value) {
    char why[512];
    if (rd_kafka_conf_set(conf.get(), name.c_str(), value.c_str(), why, sizeof why) !=
        RD_KAFKA_CONF_OK)
      fail(why);
  };
  set("bootstrap.servers", brokers);
  for (const auto& [name, value] : properties) set(name, value);
  return conf;
}

kafka::ClientHandle make_client(rd_kafka_type_t type, kafka::ConfHandle conf) {
  char why[512];
  kafka::ClientHandle client(rd_kafka_new(type, conf.get(), why, sizeof why));
  if (!client) fail(why);
  (void)conf.release();  // the client's now
  return client;
}

kafka::Admin make_admin(const std::string& brokers) {
  return must(
      kafka::Admin::make(must(kafka::make_config(kafka::Pairs{{"bootstrap.servers", brokers}}))));
}

int partitions_of(kafka::Admin& admin, const std::string& topic) {
  const auto info = must(admin.topic(topic, patience));
  if (!info) fail("topic '" + topic + "': expected one on the broker; there is none; create it");
  return info->partitions;
}

std::vector<std::int64_t> end_offsets(rd_kafka_t* client, const std::string& topic,
                                      int partitions) {
  const auto until = std::chrono::steady_clock::now() + patience;
  for (;;) {
    const kafka::ListHandle list = kafka::make_list(static_cast<std::size_t>(partitions));
    for (int p = 0; p < partitions; ++p)
      kafka::add(*list, topic, {p}).offset = RD_KAFKA_OFFSET_END;  // asked as a "time"
    rd_kafka_resp_err_t err =
        rd_kafka_offsets_for_times(client, list.get(), static_cast<int>(patience.count() * 1000));
    std::vector<std::int64_t> ends;
    for (const auto& element : kafka::elements(*list)) {
      if (err == RD_KAFKA_RESP_ERR_NO_ERROR) err = element.err;
      ends.push_back(element.offset);
    }
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR) return ends;
    // A topic of many partitions is there before all of them have their leader.
    const bool soon = err == RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION ||
                      err == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
    if (!soon || std::chrono::steady_clock::now() > until)
      check(err, "topic '" + topic + "': its end cannot be had");
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

void create_topic(kafka::Admin& admin, const std::string& topic, int partitions) {
  must(admin.create({topic, partitions, 1, {}}, patience));
}

void delete_topic(kafka::Admin& admin, const std::string& topic) {
  const kafka::QueueHandle queue(rd_kafka_queue_new(admin.client()));
  rd_kafka_DeleteTopic_t* wanted = rd_kafka_DeleteTopic_new(topic.c_str());
  rd_kafka_DeleteTopics(admin.client(), &wanted, 1, nullptr, queue.get());
  rd_kafka_DeleteTopic_destroy(wanted);
  const kafka::EventHandle answer(
      rd_kafka_queue_poll(queue.get(), static_cast<int>(patience.count() * 1000)));
  const auto until = std::chrono::steady_clock::now() + patience;
  while (must(admin.topic(topic, patience))) {
    if (std::chrono::steady_clock::now() > until) fail("topic '" + topic + "': it is not deleted");
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

void write_key(std::uint64_t sequence, char* out) noexcept {
  for (std::size_t i = key_size; i-- > 0; sequence >>= 4)
    out[i] = "0123456789abcdef"[sequence & 15];
}

bool read_key(std::span<const char> key, std::uint64_t& sequence) noexcept {
  if (key.size() != key_size) return false;
  sequence = 0;
  for (const char c : key) {
    const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (digit < 0) return false;
    sequence = sequence << 4 | static_cast<std::uint64_t>(digit);
  }
  return true;
}

}  // namespace thalweg::bench
