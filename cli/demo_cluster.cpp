#include "cli/demo_cluster.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "kafka/admin.h"
#include "run/clock.h"
#include "run/kafka_ports.h"

namespace thalweg::cli {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds timeout = 15s;

void add_once(std::vector<std::string>& topics, const std::string& topic) {
  if (std::find(topics.begin(), topics.end(), topic) == topics.end()) topics.push_back(topic);
}

kafka::LogSink silent() {
  return [](kafka::LogLevel, std::string_view) {};
}

}  // namespace

std::vector<std::string> written_topics(const PipelineFile& file) {
  std::vector<std::string> topics;
  for (const Values& to : file.values.sections("to")) add_once(topics, to.string("topic"));
  for (const char* owner : {"inference_log", "drift"}) {
    if (file.values.given(owner) && file.values.section(owner).has("topic"))
      add_once(topics, file.values.section(owner).string("topic"));
  }
  if (file.values.given("dead_letters"))
    add_once(topics, file.values.section("dead_letters").string("topic"));
  return topics;
}

DemoCluster::DemoCluster(std::unique_ptr<kafka::EmbeddedCluster> embedded, std::string bootstrap)
    : embedded_(std::move(embedded)),
      bootstrap_(std::move(bootstrap)),
      began_ms_(SystemClock().now().ms) {}

Result<DemoCluster> DemoCluster::start(const std::string& bootstrap) {
  if (!bootstrap.empty()) return DemoCluster(nullptr, bootstrap);
  auto embedded = kafka::EmbeddedCluster::start(1, silent());
  if (!embedded) return std::move(embedded).error();
  std::string address = (*embedded)->bootstrap();
  return DemoCluster(std::move(embedded).value(), std::move(address));
}

Overrides DemoCluster::overrides(const PipelineFile& file) const {
  Overrides overrides{{"kafka.bootstrap.servers", "'" + bootstrap_ + "'"}};
  if (embedded_) {
    for (const auto& [name, value] : kafka::EmbeddedCluster::consumer_properties())
      overrides.emplace_back("from.kafka." + name, value);
    overrides.emplace_back("from.start", "earliest");
  } else {
    overrides.emplace_back("group", fmt::format("{}-demo-{}", group_of(file), began_ms_));
    overrides.emplace_back("from.start", std::to_string(began_ms_));
  }
  return overrides;
}

Status DemoCluster::create_topics(const PipelineFile& file, int input_partitions) {
  std::vector<std::string> topics = input_topics(file.values.section("from"));
  const std::size_t inputs = topics.size();
  for (const std::string& topic : written_topics(file)) add_once(topics, topic);
  auto settings = kafka_config_of(file);
  if (!settings) return std::move(settings).error();
  auto admin = kafka::Admin::make(*settings, silent());
  if (!admin) return std::move(admin).error();
  for (std::size_t i = 0; i < topics.size(); ++i) {
    const int partitions = i < inputs ? input_partitions : 1;
    Status created = embedded_ ? embedded_->create_topic(topics[i], partitions)
                               : admin->create({.name = topics[i],
                                                .partitions = partitions,
                                                .replication_factor = -1,
                                                .configs = {}},
                                               timeout);
    if (!created.ok()) return created;
  }
  return {};
}

std::string DemoCluster::words() const {
  return embedded_ ? fmt::format("an embedded broker on {}", bootstrap_)
                   : fmt::format("the brokers at {}", bootstrap_);
}

}  // namespace thalweg::cli
