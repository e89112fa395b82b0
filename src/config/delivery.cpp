#include "config/delivery.h"

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "config/expected.h"
#include "config/pipeline.h"
#include "config/scalars.h"

namespace thalweg {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds at_least_once_interval{1000};
constexpr milliseconds exactly_once_interval{100};
constexpr milliseconds transaction_timeout{10000};

// The first of these names in a `kafka` section.
std::optional<KafkaProperty> property(const Values& kafka,
                                      std::initializer_list<std::string_view> names) {
  for (KafkaProperty& p : kafka_properties(kafka)) {
    if (std::find(names.begin(), names.end(), p.name) != names.end()) return std::move(p);
  }
  return std::nullopt;
}

// As the producer gets it: the outputs' own before the common one.
std::optional<KafkaProperty> producer_property(const Values& v, std::string_view name) {
  auto found = property(v.section("kafka"), {name});
  for (const Values& to : v.sections("to")) {
    if (auto own = property(to.section("kafka"), {name})) found = std::move(own);
  }
  return found;
}

Status check_isolation(const Values& kafka, std::string_view owner) {
  for (const KafkaProperty& p : kafka_properties(kafka)) {
    if (p.name != "isolation.level" || p.value == "read_committed") continue;
    return config_error(
        p.where, fmt::format("{}.isolation.level: expected read_committed, since delivery is "
                             "exactly_once; got {}: what another transaction takes back would have "
                             "been read already; remove the line",
                             owner, p.value));
  }
  return {};
}

// Each with its port, 9092 where none is given.
std::set<std::string> brokers_of(std::string_view list) {
  std::set<std::string> brokers;
  while (!list.empty()) {
    std::string_view one = list.substr(0, list.find(','));
    list.remove_prefix(std::min(list.size(), one.size() + 1));
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    if (one.empty()) continue;
    const std::string_view behind_address = one.substr(one.find(']') + 1);  // [::1]:9092
    const bool has_port = behind_address.find(':') != std::string_view::npos;
    brokers.insert(std::string(one) + (has_port ? "" : ":9092"));
  }
  return brokers;
}

// A broker is in one cluster only, so one that is named in both lists is enough, whatever else they name and in which order.
bool same_cluster(const std::string& one, const std::string& other) {
  const auto a = brokers_of(one), b = brokers_of(other);
  return one == other ||
         std::any_of(a.begin(), a.end(), [&](const auto& broker) { return b.contains(broker); });
}

// A transaction lives in one cluster: its offsets are committed where its outputs are.
Status check_one_cluster(const Values& v) {
  const auto servers = [](const Values& kafka) {
    return property(kafka, {"bootstrap.servers", "metadata.broker.list"});
  };
  const auto common = servers(v.section("kafka"));
  const std::string shared = common ? common->value : "";
  const auto from = servers(v.section("from").section("kafka"));
  const std::string input = from ? from->value : shared;
  for (const Values& to : v.sections("to")) {
    const auto own = servers(to.section("kafka"));
    const std::string output = own ? own->value : shared;
    if (same_cluster(input, output)) continue;
    return config_error(
        own ? own->where : from->where,
        fmt::format("bootstrap.servers: expected the same brokers for input and outputs, since "
                    "delivery is exactly_once and a transaction lives in one cluster; got '{}' and "
                    "'{}'; write delivery: at_least_once, or give both the same",
                    input, output));
  }
  return {};
}

Status check_interval(const Values& v) {
  const auto interval = commit_interval_of(v);
  const auto timeout = transaction_timeout_of(v);
  if (interval < timeout) return {};
  const auto given = producer_property(v, "transaction.timeout.ms");
  return config_error(
      v.given("commit_interval") ? v.where("commit_interval") : given->where,
      fmt::format("commit_interval: expected less than transaction.timeout.ms ({}), or the broker "
                  "would abort each transaction before it is committed; got {}; lower it, or raise "
                  "kafka.transaction.timeout.ms",
                  config::duration_text(static_cast<double>(timeout.count())),
                  config::duration_text(static_cast<double>(interval.count()))));
}

Status check_message_timeout(const Values& v) {
  for (const char* name : {"message.timeout.ms", "delivery.timeout.ms"}) {
    const auto given = producer_property(v, name);
    if (!given) continue;
    const auto timeout = transaction_timeout_of(v).count();
    const auto value = config::parse_integer(given->value);
    if (!value || (*value > 0 && *value <= timeout)) continue;  // no number: told where it is used
    return config_error(given->where,
                        fmt::format("{}: expected at most transaction.timeout.ms ({} ms) and more "
                                    "than 0, since delivery is exactly_once; got {}; lower it, or "
                                    "remove it",
                                    name, timeout, *value));
  }
  return {};
}

}  // namespace

bool exactly_once(const Values& pipeline) {
  return pipeline.string("delivery") == "exactly_once";
}

milliseconds commit_interval_of(const Values& pipeline) {
  if (pipeline.has("commit_interval")) return milliseconds(pipeline.integer("commit_interval"));
  return exactly_once(pipeline) ? exactly_once_interval : at_least_once_interval;
}

milliseconds transaction_timeout_of(const Values& pipeline) {
  const auto given = producer_property(pipeline, "transaction.timeout.ms");
  if (!given) return transaction_timeout;
  return milliseconds(config::parse_integer(given->value).value_or(transaction_timeout.count()));
}

namespace config {

Status check_delivery(const Values& pipeline) {
  if (!exactly_once(pipeline)) return {};
  if (auto s = check_isolation(pipeline.section("kafka"), "kafka"); !s) return s;
  if (auto s = check_isolation(pipeline.section("from").section("kafka"), "from.kafka"); !s)
    return s;
  if (auto s = check_one_cluster(pipeline); !s) return s;
  if (auto s = check_interval(pipeline); !s) return s;
  return check_message_timeout(pipeline);
}

}  // namespace config
}  // namespace thalweg
