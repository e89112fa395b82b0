#include "cli/check_broker.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "cli/terminal.h"
#include "run/kafka_ports.h"
#include "sink/size_limits.h"
#include "source/start_offsets.h"

namespace thalweg::cli {
namespace {

using kafka::Admin;

std::string partitions_of(int count) {
  return counted(static_cast<std::uint64_t>(count), "partition");
}

// The input topic that takes the largest messages; what is known of it, for the dead letters.
struct LargestInput {
  std::string topic;
  std::int64_t message_bytes = 0;
};

class BrokerCheck {
 public:
  BrokerCheck(const PipelineFile& file, std::chrono::milliseconds timeout, Admin& admin,
              const kafka::Config& config, kafka::Role role, LargestInput& largest,
              Findings& findings)
      : file_(file),
        timeout_(timeout),
        admin_(admin),
        config_(config),
        brokers_(config.brokers(role)),
        largest_(largest),
        findings_(findings) {}

  // False: they did not answer.
  bool find_brokers() {
    auto cluster = admin_.cluster(timeout_);
    if (!cluster) {
      findings_.error("brokers", cluster.error());
      return false;
    }
    std::string brokers;
    for (const std::string& broker : cluster->brokers) {
      brokers += (brokers.empty() ? "" : ", ") + broker;
    }
    findings_.ok("brokers", fmt::format("{} (cluster {})", brokers, cluster->id));
    return true;
  }

  void check_inputs() {
    int partitions = 0;
    for (const std::string& topic : read_topics(file_.values)) {
      const int found = check_topic("topic", topic);
      if (found > 0) check_backlog(topic);
      const auto limit = found > 0 ? topic_message_bytes(admin_.client(), topic, timeout_)
                                   : std::optional<std::int64_t>{};
      if (limit && *limit > largest_.message_bytes) largest_ = {topic, *limit};
      partitions += found;
    }
    check_workers(partitions);
  }

  void check_outputs() {
    for (const Values& to : file_.values.sections("to")) {
      (void)check_written("output topic", to.string("topic"));
    }
    if (file_.values.given("inference_log"))
      (void)check_written("inference log", file_.values.section("inference_log").string("topic"));
    if (file_.values.given("drift") && file_.values.section("drift").has("topic"))
      (void)check_written("drift's topic", file_.values.section("drift").string("topic"));
    for (const ShadowTopic& shadow : shadow_topics(file_.values))
      (void)check_written(fmt::format("topic of the shadow of '{}'", shadow.model), shadow.topic);
    if (!file_.values.given("dead_letters")) return;
    const std::string role = "dead-letter topic";
    const std::string topic = file_.values.section("dead_letters").string("topic");
    const auto limit = check_written(role, topic);
    const std::int64_t needed = largest_.message_bytes + dead_letter_room;
    if (!limit || largest_.message_bytes == 0 || *limit >= needed) return;
    // No warning: it is so for any two topics with the broker's default limits.
    findings_.ok(
        fmt::format("{} '{}'", role, topic),
        fmt::format(
            "note: it takes messages up to {} bytes (max.message.bytes), and '{}' up to {}: a "
            "dead letter is the record and more headers, and one that does not fit stops "
            "the pipeline; set max.message.bytes of '{}' to {} or more",
            *limit, largest_.topic, largest_.message_bytes, topic, needed));
  }

 private:
  // Its partitions; 0 when it is not there, which only matters if the pipeline may not create it.
  int check_topic(const std::string& role, const std::string& topic) {
    const std::string subject = fmt::format("{} '{}'", role, topic);
    auto info = admin_.topic(topic, timeout_);
    if (!info) {
      findings_.error(role, info.error());
      return 0;
    }
    if (*info) {
      findings_.ok(subject,
                   fmt::format("{}, replication factor {}", partitions_of((*info)->partitions),
                               (*info)->replication_factor));
      return (*info)->partitions;
    }
    if (topic_creation_of(file_)) {
      findings_.ok(subject, "does not exist yet; create_topics will create it");
    } else {
      findings_.error(
          role, kafka::topic_missing_error(admin_.client(), topic, brokers_,
                                           "Create it, correct the name, or set create_topics."));
    }
    return 0;
  }

  // What `run` looks at before it writes there. The topic's max.message.bytes, if it can be had.
  std::optional<std::int64_t> check_written(const std::string& role, const std::string& topic) {
    if (check_topic(role, topic) == 0) return std::nullopt;
    const auto limit = topic_message_bytes(admin_.client(), topic, timeout_);
    if (!limit) return limit;
    if (Status s = check_batch_size(config_, topic, *limit); !s) findings_.error(role, s.error());
    return limit;
  }

  void check_workers(int partitions) {
    const auto workers = file_.values.integer("workers");
    if (partitions == 0 || workers <= partitions) return;
    findings_.warning("workers", fmt::format("{} workers share {}: {} will be idle", workers,
                                             partitions_of(partitions), workers - partitions));
  }

  // Without a commit, `start` decides.
  Status find_starts(std::vector<PartitionFinding>& partitions) {
    auto start = parse_start(file_.values.section("from").string("start"));
    if (!start) return std::move(start).error();
    std::vector<TopicPartition> places;
    for (const PartitionFinding& p : partitions) places.push_back(p.at);
    auto offsets = offsets_of_start(admin_.client(), *start, places, timeout_);
    if (!offsets) return std::move(offsets).error();
    for (std::size_t i = 0; i < partitions.size(); ++i) {
      PartitionFinding& p = partitions[i];
      const Offset from_start = (*offsets)[i];
      // Negative: a word of librdkafka's for the beginning.
      p.begin = p.committed ? *p.committed : (from_start.value < 0 ? p.range.low : from_start);
    }
    return {};
  }

  void check_range(const PartitionFinding& p) {
    if (p.range.low <= p.begin && p.begin <= p.range.high) return;
    findings_.error(p.at.to_string(),
                    Error(Code::offset_out_of_range,
                          fmt::format("the group's committed offset {} was expected to be in the "
                                      "topic; it holds {} to {}; reset the group, or choose "
                                      "another one",
                                      p.begin.value, p.range.low.value, p.range.high.value)));
  }

  std::string words_for_begin(std::size_t committed, std::size_t all) const {
    const std::string start = file_.values.section("from").string("start");
    if (committed == all) return "goes on where it has committed";
    if (committed == 0) return fmt::format("has not committed yet: begins at start: {}", start);
    return fmt::format(
        "has committed in {} of {} partitions; the others begin at start: {}, those that were "
        "added later at their first record",
        committed, all, start);
  }

  void check_backlog(const std::string& topic) {
    const std::string subject = fmt::format("group '{}' in '{}'", group_of(file_), topic);
    auto backlog = admin_.backlog(group_of(file_), topic, timeout_);
    if (!backlog) return findings_.error(subject, backlog.error());
    std::vector<PartitionFinding> partitions;
    for (const kafka::PartitionBacklog& b : *backlog) {
      partitions.push_back({b.at, b.range, b.committed, b.range.low});
    }
    if (Status found = find_starts(partitions); !found.ok()) {
      return findings_.error(subject, found.error());
    }
    std::int64_t records = 0;
    std::size_t committed = 0;
    for (const PartitionFinding& p : partitions) {
      check_range(p);
      records += std::max<std::int64_t>(0, p.backlog());
      committed += p.committed ? 1 : 0;
    }
    findings_.ok(subject,
                 fmt::format("{}; backlog {}", words_for_begin(committed, partitions.size()),
                             counted(static_cast<std::uint64_t>(records), "record")),
                 partition_table(partitions));
    findings_.partitions.insert(findings_.partitions.end(), partitions.begin(), partitions.end());
  }

  const PipelineFile& file_;
  const std::chrono::milliseconds timeout_;
  Admin& admin_;
  const kafka::Config& config_;
  const std::string brokers_;
  LargestInput& largest_;
  Findings& findings_;
};

}  // namespace

void check_broker(const PipelineFile& file, std::chrono::milliseconds timeout, Findings& findings) {
  auto config = kafka_config_of(file);
  if (!config) return findings.error("kafka", config.error());
  LargestInput largest;
  // Inputs and outputs may be on different clusters.
  const auto look = [&](kafka::Role role, const auto& checks) {
    // What librdkafka would log stands in the errors.
    auto admin = Admin::make(config->for_admin_of(role), [](kafka::LogLevel, std::string_view) {});
    if (!admin) return findings.error("kafka", admin.error());
    BrokerCheck check(file, timeout, *admin, *config, role, largest, findings);
    if (check.find_brokers()) checks(check);
  };
  const bool one_cluster =
      config->brokers(kafka::Role::consumer) == config->brokers(kafka::Role::producer);
  look(kafka::Role::consumer, [&](BrokerCheck& check) {
    check.check_inputs();
    if (one_cluster) check.check_outputs();
  });
  if (!one_cluster) look(kafka::Role::producer, [](BrokerCheck& c) { c.check_outputs(); });
}

}  // namespace thalweg::cli
