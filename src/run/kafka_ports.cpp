#include "run/kafka_ports.h"

#include <algorithm>

#include <fmt/format.h>

#include "config/delivery.h"
#include "sink/kafka_sink.h"
#include "sink/kafka_transaction_sink.h"

namespace thalweg {
namespace {

// One producer serves all outputs: what two of them say must not differ.
Result<std::vector<KafkaProperty>> output_properties(const PipelineFile& file) {
  std::vector<KafkaProperty> all;
  for (const Values& to : file.values.sections("to")) {
    for (KafkaProperty& property : kafka_properties(to.section("kafka"))) {
      const auto same = std::find_if(all.begin(), all.end(),
                                     [&](const auto& p) { return p.name == property.name; });
      if (same == all.end()) {
        all.push_back(std::move(property));
      } else if (same->value != property.value) {
        return config_error(
            property.where,
            fmt::format(
                "to.kafka.{}: the outputs of a pipeline share one producer, so one value was "
                "expected; got '{}' and '{}'; choose one",
                property.name, same->value, property.value));
      }
    }
  }
  return all;
}

// What is chosen for a static member, and not for others.
void say_membership(const PipelineFile& file, const KafkaSourceOptions& options, Log& log) {
  const auto set = [&](const char* name) {
    return options.kafka.value(kafka::Role::consumer, name);
  };
  const std::string name = set("group.instance.id");
  if (options.worker > 0 || name.empty() || set("group.protocol") == "consumer" ||
      !set("partition.assignment.strategy").empty())
    return;
  const std::string pipeline = file.values.string("pipeline");
  const std::string strategy = assignment_strategy(options.kafka);
  log.write(
      LogLevel::info, "source.static_member",
      fmt::format("{}: '{}' is a static member of group '{}', so partitions are shared out by "
                  "{}; from.kafka.partition.assignment.strategy chooses another, which all "
                  "members must have",
                  pipeline, name, options.group, strategy),
      {{"pipeline", pipeline}, {"member", name}, {"strategy", strategy}});
}

}  // namespace

kafka::LogSink kafka_log_sink(Log& log) {
  return [&log](kafka::LogLevel level, std::string_view message) {
    LogLevel ours = LogLevel::info;
    if (level == kafka::LogLevel::debug) ours = LogLevel::debug;
    if (level == kafka::LogLevel::warn) ours = LogLevel::warning;
    if (level == kafka::LogLevel::error) ours = LogLevel::error;
    log.write(ours, "kafka", fmt::format("kafka: {}", message));
  };
}

std::string group_of(const PipelineFile& file) {
  return file.values.has("group") ? file.values.string("group") : file.values.string("pipeline");
}

Result<kafka::Config> kafka_config_of(const PipelineFile& file) {
  auto producer = output_properties(file);
  if (!producer) return std::move(producer).error();
  return kafka::make_config(
      kafka_properties(file.values.section("kafka")),
      kafka_properties(file.values.section("from").section("kafka")), std::move(producer).value(),
      exactly_once(file.values) ? kafka::Transactions::yes : kafka::Transactions::no);
}

Status try_kafka_consumer(const PipelineFile& file, const kafka::Config& config) {
  KafkaSourceOptions options;
  options.kafka = config;
  options.group = group_of(file);
  return try_consumer(options);
}

std::optional<kafka::TopicSpec> topic_creation_of(const PipelineFile& file) {
  const Values& create = file.values.section("create_topics");
  if (!create.boolean("enabled")) return std::nullopt;
  kafka::TopicSpec spec;
  if (create.has("partitions")) spec.partitions = static_cast<int>(create.integer("partitions"));
  if (create.has("replication_factor"))
    spec.replication_factor = static_cast<int>(create.integer("replication_factor"));
  spec.configs = create.map("config");
  return spec;
}

std::chrono::milliseconds rebalance_step_timeout(const kafka::Config& config) {
  using std::chrono::milliseconds;
  constexpr milliseconds at_most{10000};
  constexpr std::int64_t librdkafkas = 300000;
  const auto interval = config.number(kafka::Role::consumer, "max.poll.interval.ms");
  return std::min(at_most, milliseconds(interval.value_or(librdkafkas) / 3));
}

Result<KafkaSourceOptions> kafka_source_options(const PipelineFile& file, std::size_t worker,
                                                Log& log) {
  const Values& from = file.values.section("from");
  auto config = kafka_config_of(file);
  if (!config) return std::move(config).error();
  KafkaSourceOptions options;
  options.commit_timeout = options.lookup_timeout = rebalance_step_timeout(*config);
  options.kafka = std::move(config).value();
  options.topics = read_topics(file.values);
  if (options.topics.size() > input_topics(from).size())
    options.from_beginning = options.topics.back();
  options.group = group_of(file);
  if (from.has("start")) {
    auto start = parse_start(from.string("start"));
    if (!start) return std::move(start).error();
    options.start = *start;
  }
  options.worker = static_cast<int>(worker);
  options.client_id = "thalweg-" + file.values.string("pipeline");
  options.create_missing = topic_creation_of(file);
  options.transactional = exactly_once(file.values);
  // A worker that waits for them does nothing else, and a transaction that it has open must not run out meanwhile. librdkafka goes on asking.
  if (options.transactional)
    options.lookup_timeout =
        std::min(options.lookup_timeout, transaction_timeout_of(file.values) / 4);
  options.log = kafka_log_sink(log);
  return options;
}

Result<KafkaSinkOptions> kafka_sink_options(const PipelineFile& file, Log& log) {
  auto config = kafka_config_of(file);
  if (!config) return std::move(config).error();
  KafkaSinkOptions options;
  options.kafka = std::move(config).value();
  options.client_id = "thalweg-" + file.values.string("pipeline");
  options.create_missing = topic_creation_of(file);
  options.value_bytes_max =
      static_cast<std::uint64_t>(file.values.section("from").integer("value_bytes_max"));
  options.transaction_timeout = transaction_timeout_of(file.values);
  options.log = kafka_log_sink(log);
  return options;
}

Ports kafka_ports(Log& log, const std::stop_token& stop) {
  Ports ports;
  ports.source = [&log, stop](const PipelineFile& file,
                              std::size_t worker) -> Result<std::unique_ptr<Source>> {
    auto options = kafka_source_options(file, worker, log);
    if (!options) return std::move(options).error();
    options->stop = stop;
    say_membership(file, *options, log);
    return std::unique_ptr<Source>(std::make_unique<KafkaSource>(std::move(options).value()));
  };
  ports.sink = [&log, stop](const PipelineFile& file) -> Result<std::unique_ptr<Sink>> {
    auto options = kafka_sink_options(file, log);
    if (!options) return std::move(options).error();
    options->stop = stop;
    auto sink = KafkaSink::make(std::move(options).value());
    if (!sink) return std::move(sink).error();
    return std::unique_ptr<Sink>(std::move(sink).value());
  };
  ports.transaction_sink = [&log, stop](const PipelineFile& file,
                                        const std::string& id) -> Result<std::unique_ptr<Sink>> {
    auto options = kafka_sink_options(file, log);
    if (!options) return std::move(options).error();
    options->stop = stop;
    options->transactional_id = id;
    auto sink = KafkaTransactionSink::make(std::move(options).value());
    if (!sink) return std::move(sink).error();
    return std::unique_ptr<Sink>(std::move(sink).value());
  };
  ports.keeps_state = true;
  return ports;
}

}  // namespace thalweg
