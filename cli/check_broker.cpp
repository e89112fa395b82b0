#include "cli/check_broker.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "cli/terminal.h"
#include "run/kafka_ports.h"
#include "source/start_offsets.h"

namespace thalweg::cli {
namespace {

using namespace std::chrono_literals;
using kafka::Admin;

constexpr std::chrono::milliseconds timeout = 10s;

std::string topic_subject(std::string_view role, const std::string& topic) {
  return fmt::format("{} '{}'", role, topic);
}

std::string brokers_of(const PipelineFile& file) {
  return file.values.section("kafka").string("bootstrap.servers");
}

// Topics the pipeline may create itself are only worth a word.
std::optional<kafka::TopicInfo> check_topic(const PipelineFile& file, Admin& admin,
                                            std::string_view role, const std::string& topic,
                                            Findings& findings) {
  auto info = admin.topic(topic, timeout);
  if (!info) {
    findings.error(std::string(role), info.error());
    return std::nullopt;
  }
  if (*info) {
    findings.ok(topic_subject(role, topic),
                fmt::format("{}, replication factor {}",
                            counted(static_cast<std::uint64_t>((*info)->partitions), "partition"),
                            (*info)->replication_factor));
    return **info;
  }
  if (topic_creation_of(file)) {
    findings.ok(topic_subject(role, topic), "does not exist yet; create_topics will create it");
    return std::nullopt;
  }
  findings.error(std::string(role),
                 kafka::topic_missing_error(admin.client(), topic, brokers_of(file),
                                            "Create it, correct the name, or set create_topics."));
  return std::nullopt;
}

void check_workers(const PipelineFile& file, int partitions, Findings& findings) {
  const auto workers = file.values.integer("workers");
  if (partitions > 0 && workers > partitions) {
    findings.warning("workers",
                     fmt::format("{} workers share {}: {} will be idle", workers,
                                 counted(static_cast<std::uint64_t>(partitions), "partition"),
                                 workers - partitions));
  }
}

// Without a commit, `start` decides.
Status find_starts(const PipelineFile& file, Admin& admin,
                   std::vector<PartitionFinding>& partitions) {
  auto start = parse_start(file.values.section("from").string("start"));
  if (!start) return std::move(start).error();
  std::vector<TopicPartition> places;
  for (const PartitionFinding& p : partitions) places.push_back(p.at);
  auto offsets = offsets_of_start(admin.client(), *start, places, timeout);
  if (!offsets) return std::move(offsets).error();
  for (std::size_t i = 0; i < partitions.size(); ++i) {
    PartitionFinding& p = partitions[i];
    const Offset from_start = (*offsets)[i];
    // Negative: a word of librdkafka's for the beginning.
    p.begin = p.committed ? *p.committed : (from_start.value < 0 ? p.range.low : from_start);
  }
  return {};
}

void check_backlog(const PipelineFile& file, Admin& admin, const std::string& topic,
                   Findings& findings) {
  const std::string group = group_of(file);
  const std::string subject = fmt::format("group '{}' in '{}'", group, topic);
  auto backlog = admin.backlog(group, topic, timeout);
  if (!backlog) return findings.error(subject, backlog.error());
  std::vector<PartitionFinding> partitions;
  for (const kafka::PartitionBacklog& b : *backlog)
    partitions.push_back({b.at, b.range, b.committed, b.range.low});
  if (Status found = find_starts(file, admin, partitions); !found.ok())
    return findings.error(subject, found.error());
  std::int64_t records = 0;
  std::size_t committed = 0;
  for (const PartitionFinding& p : partitions) {
    if (p.begin < p.range.low || p.range.high < p.begin) {
      findings.error(p.at.to_string(),
                     Error(Code::offset_out_of_range,
                           fmt::format("the group's committed offset {} was expected to be in the "
                                       "topic; it holds {} to {}; reset "
                                       "the group, or choose another one",
                                       p.begin.value, p.range.low.value, p.range.high.value)));
    }
    records += std::max<std::int64_t>(0, p.backlog());
    committed += p.committed ? 1 : 0;
  }
  const std::string start = file.values.section("from").string("start");
  const std::string begins =
      committed == partitions.size() ? std::string("goes on where it has committed")
      : committed == 0
          ? fmt::format("has not committed yet: begins at start: {}", start)
          : fmt::format("has committed in {} of {} partitions; begins at start: {} in the others",
                        committed, partitions.size(), start);
  findings.ok(subject, fmt::format("{}; backlog {}", begins,
                                   counted(static_cast<std::uint64_t>(records), "record")));
  findings.partitions.insert(findings.partitions.end(), partitions.begin(), partitions.end());
}

}  // namespace

void check_broker(const PipelineFile& file, Findings& findings) {
  auto config = kafka_config_of(file);
  if (!config) return findings.error("kafka", config.error());
  // What librdkafka would log stands in the errors.
  auto admin = Admin::make(*config, [](kafka::LogLevel, std::string_view) {});
  if (!admin) return findings.error("kafka", admin.error());
  auto cluster = admin->cluster(timeout);
  if (!cluster) return findings.error("brokers", cluster.error());
  std::string brokers;
  for (const std::string& broker : cluster->brokers)
    brokers += (brokers.empty() ? "" : ", ") + broker;
  findings.ok("brokers", fmt::format("{} (cluster {})", brokers, cluster->id));

  int partitions = 0;
  for (const std::string& topic : input_topics(file.values.section("from"))) {
    const auto info = check_topic(file, *admin, "topic", topic, findings);
    if (!info) continue;
    partitions += info->partitions;
    check_backlog(file, *admin, topic, findings);
  }
  check_workers(file, partitions, findings);
  for (const Values& to : file.values.sections("to"))
    check_topic(file, *admin, "output topic", to.string("topic"), findings);
  if (file.values.given("dead_letters")) {
    check_topic(file, *admin, "dead-letter topic",
                file.values.section("dead_letters").string("topic"), findings);
  }
}

}  // namespace thalweg::cli
