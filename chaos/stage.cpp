#include "chaos/stage.h"

#include <fstream>
#include <numeric>
#include <sstream>
#include <unistd.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "kafka/admin_request.h"
#include "kafka/committed.h"

namespace thalweg::chaos {
namespace {

constexpr std::chrono::seconds patience{30};
constexpr int output_partitions = 4;
constexpr int offset_partitions =
    4;  // of the topic with the groups' offsets, as script/kafka sets it

}  // namespace

Stage::Stage(const Settings& s)
    : settings(s),
      broker(s.root, fmt::format("chaos-{}", ::getpid()), s.folder + "/broker.log", proxy) {}

bool Stage::said(const std::string& log, std::string_view words) {
  std::stringstream text;
  text << std::ifstream(log).rdbuf();
  return text.str().find(words) != std::string::npos;
}

std::vector<std::string> Stage::run_command(const std::string& file) const {
  return {settings.thalweg, "run", file};
}

void Stage::open() {
  broker.start();
  pipeline = {.name = "chaos",
              .brokers = broker.address_through_proxy(),
              .in = "chaos.in",
              .out = "chaos.out",
              .dead = "chaos.dead",
              .delivery = settings.delivery,
              .protocol = settings.protocol};
  kafka::Admin admin = this->admin();
  bench::create_topic(admin, pipeline.in, settings.partitions);
  bench::create_topic(admin, pipeline.out, output_partitions);
  bench::create_topic(admin, pipeline.dead, 1);
  if (settings.protocol == Protocol::consumer) set_group_times();
  write_pipeline(pipeline, path("chaos.yaml"));
  verifier = std::make_unique<Verifier>(broker.address(), TopicOf{pipeline.out, output_partitions},
                                        TopicOf{pipeline.dead, 1}, settings.delivery);
  generator = std::make_unique<Generator>(broker.address(), pipeline.in, settings.partitions,
                                          settings.per_second,
                                          settings.lie == Lie::harmless ? Lie::none : settings.lie);
  fleet = std::make_unique<Fleet>(run_command(path("chaos.yaml")), settings.folder, true, troubles);
  for (int i = 0; i < settings.processes; ++i) fleet->start();
}

void Stage::wait(Millis time) {
  (void)until([] { return false; }, time);
}

void Stage::mark() {
  verifier->mark(generator->next());
  ++marks_set_;
}

bool Stage::until(const std::function<bool()>& seen, Millis within) {
  return eventually(
      [&] {
        fleet->look_after();
        return seen();
      },
      within);
}

bool Stage::recover(Millis within) {
  return until([&] { return verifier->flow().all.has_value(); }, within);
}

void Stage::catch_up(Millis within) {
  (void)until(
      [&] {
        return verifier->totals().accounted() + settings.per_second / 2 >= generator->written();
      },
      within);
}

Stage::Holder Stage::holder(Random& random) {
  std::vector<std::size_t> order(fleet->size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  random.shuffle(order);
  Holder found{order.front(), 0};
  (void)until(
      [&] {
        for (const std::size_t place : order) {
          found = {place, fleet->held_by(place)};
          if (found.partitions > 0) return true;
        }
        return false;
      },
      Millis(60'000));
  return found;
}

Result<std::vector<std::int64_t>> Stage::committed(std::size_t partitions) const {
  const auto consumer = bench::make_client(
      RD_KAFKA_CONSUMER, bench::make_conf(broker.address(), {{"group.id", pipeline.name},
                                                             {"enable.auto.commit", "false"}}));
  std::vector<TopicPartition> all;
  for (std::size_t p = 0; p < partitions; ++p)
    all.push_back({pipeline.in, {static_cast<std::int32_t>(p)}});
  auto found = kafka::group_offsets(consumer.get(), pipeline.name, all, Millis(30'000));
  if (!found) return std::move(found).error();
  std::vector<std::int64_t> offsets;
  for (const auto& offset : *found) offsets.push_back(offset ? offset->value : -1);
  return offsets;
}

std::string Stage::ask_the_broker() const {
  const std::string file = path("stands-still.txt");
  const auto ask = [&](std::vector<std::string> words) {
    words.insert(words.begin(), settings.root + "/script/kafka");
    words.insert(words.end(), {"--broker", broker.address()});
    std::ofstream(file, std::ios::app) << fmt::format("--- {}\n", fmt::join(words, " "));
    (void)run(words, file, patience);
  };
  ask({"groups", "--describe", "--group", pipeline.name});
  ask({"groups", "--describe", "--members", "--group", pipeline.name});
  ask({"transactions", "list"});
  for (int p = 0; p < offset_partitions; ++p)
    ask({"transactions", "describe-producers", "--topic", "__consumer_offsets", "--partition",
         std::to_string(p)});
  return file;
}

void Stage::wait_for_stragglers() {
  for (Totals last;; last = verifier->totals()) {
    wait(Millis(1000));
    const Totals t = verifier->totals();
    if (t.accounted() + t.repeated == last.accounted() + last.repeated) return;
  }
}

kafka::Admin Stage::admin() const {
  auto config =
      bench::must(kafka::make_config(kafka::Pairs{{"bootstrap.servers", broker.address()}}));
  return bench::must(kafka::Admin::make(config, [](kafka::LogLevel, std::string_view) {}));
}

void Stage::set_topic(const std::string& topic, const std::string& name, const std::string& value) {
  set(RD_KAFKA_RESOURCE_TOPIC, topic, name, value);
}

// What the classic protocols read from the pipeline file.
void Stage::set_group_times() {
  // In this order: the broker refuses a session that is shorter than the heartbeat.
  set(RD_KAFKA_RESOURCE_GROUP, pipeline.name, "consumer.heartbeat.interval.ms",
      std::to_string(heartbeat_ms));
  set(RD_KAFKA_RESOURCE_GROUP, pipeline.name, "consumer.session.timeout.ms",
      std::to_string(session_ms));
}

void Stage::set(rd_kafka_ResourceType_t type, const std::string& of, const std::string& name,
                const std::string& value) {
  kafka::Admin admin = this->admin();
  rd_kafka_ConfigResource_t* wanted = rd_kafka_ConfigResource_new(type, of.c_str());
  rd_kafka_error_destroy(rd_kafka_ConfigResource_add_incremental_config(
      wanted, name.c_str(), RD_KAFKA_ALTER_CONFIG_OP_TYPE_SET, value.c_str()));
  kafka::AdminRequest request(admin.client(), RD_KAFKA_ADMIN_OP_INCREMENTALALTERCONFIGS, patience);
  rd_kafka_IncrementalAlterConfigs(admin.client(), &wanted, 1, request.options(), request.queue());
  rd_kafka_ConfigResource_destroy(wanted);
  const auto answer = bench::must(request.wait());
  std::size_t count = 0;
  const auto* const parts = rd_kafka_IncrementalAlterConfigs_result_resources(
      rd_kafka_event_IncrementalAlterConfigs_result(answer.get()), &count);
  for (std::size_t i = 0; i < count; ++i) {
    if (rd_kafka_ConfigResource_error(parts[i]) != RD_KAFKA_RESP_ERR_NO_ERROR)
      bench::fail(of + ": expected to set " + name + "=" + value +
                  "; the broker says: " + rd_kafka_ConfigResource_error_string(parts[i]));
  }
}

void Stage::add_partition() {
  kafka::Admin admin = this->admin();
  const auto all = static_cast<std::size_t>(bench::partitions_of(admin, pipeline.in) + 1);
  rd_kafka_NewPartitions_t* wanted =
      rd_kafka_NewPartitions_new(pipeline.in.c_str(), all, nullptr, 0);
  kafka::AdminRequest request(admin.client(), RD_KAFKA_ADMIN_OP_CREATEPARTITIONS, patience);
  rd_kafka_CreatePartitions(admin.client(), &wanted, 1, request.options(), request.queue());
  rd_kafka_NewPartitions_destroy(wanted);
  (void)bench::must(request.wait());
  (void)eventually(
      [&] { return bench::partitions_of(admin, pipeline.in) == static_cast<int>(all); }, patience);
  generator->add_partition();
}

}  // namespace thalweg::chaos
