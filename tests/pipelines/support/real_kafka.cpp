#include "pipelines/support/real_kafka.h"

#include <arpa/inet.h>
#include <cstdlib>
#include <netinet/in.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

#include "kafka/admin.h"

namespace thalweg::test {
namespace {

using namespace std::chrono_literals;

kafka::Admin admin_of(const std::string& brokers) {
  const Settings settings{{"bootstrap.servers", brokers}};
  auto config = kafka::make_config(settings);
  if (!config) throw std::runtime_error(config.error().message());
  auto admin = kafka::Admin::make(*config);
  if (!admin) throw std::runtime_error(admin.error().message());
  return std::move(admin).value();
}

template <class T>
void or_throw(const T& result) {
  if (!result) throw std::runtime_error(result.error().message());
}

}  // namespace

int free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0)
    throw std::runtime_error("no free port");
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(fd);
  return ntohs(address.sin_port);
}

std::string make_topic(const std::string& brokers, const std::string& stem, int partitions,
                       const Settings& settings) {
  std::string name = unique(stem);
  or_throw(admin_of(brokers).create({name, partitions, 1, settings}, 30s));
  return name;
}

std::string make_control_topic(const std::string& brokers) {
  std::string name = make_topic(brokers, "control", 1, {{"cleanup.policy", "compact"}});
  or_throw(admin_of(brokers).create({name + ".audit", 1, 1, {}}, 30s));
  return name;
}

bool has_topic(const std::string& brokers, const std::string& topic) {
  auto info = admin_of(brokers).topic(topic, 30s);
  or_throw(info);
  return info->has_value();
}

std::map<int, std::int64_t> committed(const std::string& brokers, const std::string& group,
                                      const std::string& topic) {
  auto backlog = admin_of(brokers).backlog(group, topic, 30s);
  or_throw(backlog);
  std::map<int, std::int64_t> offsets;
  for (const auto& part : *backlog) {
    if (part.committed) offsets[part.at.partition.value] = part.committed->value;
  }
  return offsets;
}

void delete_topic(const std::string& brokers, const std::string& topic) {
  auto admin = admin_of(brokers);
  rd_kafka_DeleteTopic_t* wanted = rd_kafka_DeleteTopic_new(topic.c_str());
  const kafka::QueueHandle queue(rd_kafka_queue_new(admin.client()));
  rd_kafka_DeleteTopics(admin.client(), &wanted, 1, nullptr, queue.get());
  rd_kafka_DeleteTopic_destroy(wanted);
  const kafka::EventHandle event(rd_kafka_queue_poll(queue.get(), 30000));
  if (!event || rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR)
    throw std::runtime_error("delete_topic");
}

void delete_records(const std::string& brokers, const std::string& topic, int partition,
                    std::int64_t before) {
  auto admin = admin_of(brokers);
  const kafka::ListHandle list = kafka::make_list();
  kafka::add(*list, topic, {partition}).offset = before;
  rd_kafka_DeleteRecords_t* wanted = rd_kafka_DeleteRecords_new(list.get());
  const kafka::QueueHandle queue(rd_kafka_queue_new(admin.client()));
  rd_kafka_DeleteRecords(admin.client(), &wanted, 1, nullptr, queue.get());
  rd_kafka_DeleteRecords_destroy(wanted);
  const kafka::EventHandle event(rd_kafka_queue_poll(queue.get(), 30000));
  if (!event || rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR)
    throw std::runtime_error("delete_records");
}

Reader::Reader(const std::string& brokers, const std::string& topic, int partitions,
               const Settings& settings) {
  char text[512];
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  Settings all{{"bootstrap.servers", brokers},
               {"group.id", unique("reader")},
               {"log_level", "0"},
               {"fetch.message.max.bytes", "20000000"}};
  all.insert(all.end(), settings.begin(), settings.end());
  for (const auto& [name, value] : all)
    rd_kafka_conf_set(conf, name.c_str(), value.c_str(), text, sizeof text);
  client_.reset(rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof text));
  if (!client_) throw std::runtime_error(text);
  rd_kafka_poll_set_consumer(client_.get());
  const kafka::ListHandle list = kafka::make_list();
  for (int p = 0; p < partitions; ++p)
    kafka::add(*list, topic, {p}).offset = RD_KAFKA_OFFSET_BEGINNING;
  rd_kafka_assign(client_.get(), list.get());
}

Reader::~Reader() = default;

bool Reader::poll(int timeout_ms) {
  rd_kafka_message_t* m = rd_kafka_consumer_poll(client_.get(), timeout_ms);
  if (m == nullptr) return false;
  const bool good = m->err == RD_KAFKA_RESP_ERR_NO_ERROR;
  if (good) all_.push_back(read_message(*m));
  rd_kafka_message_destroy(m);
  return good;
}

bool Reader::until(const std::function<bool(const std::vector<TestMessage>&)>& done,
                   std::chrono::milliseconds within) {
  const auto end = std::chrono::steady_clock::now() + within;
  while (!done(all_)) {
    if (std::chrono::steady_clock::now() > end) return false;
    poll(50);
  }
  return true;
}

void Reader::until_quiet(std::chrono::milliseconds quiet) {
  while (poll(static_cast<int>(quiet.count()))) {
  }
}

OwnBroker::OwnBroker() : name_(unique("pipelines")), port_(free_port()) {}
OwnBroker::~OwnBroker() {
  script("wipe");
}
void OwnBroker::start() {
  script("start --port " + std::to_string(port_));
}
void OwnBroker::stop() {
  script("stop --now");
}

void OwnBroker::script(const std::string& words) const {
  const std::string line = std::string(THALWEG_SOURCE_DIR) + "/script/kafka " + words + " --name " +
                           name_ + " >/dev/null 2>&1 </dev/null";
  if (std::system(line.c_str()) != 0)
    throw std::runtime_error("script/kafka " + words + " failed");  // NOLINT: no input of others
}

}  // namespace thalweg::test
