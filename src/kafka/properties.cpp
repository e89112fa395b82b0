// The names come from librdkafka itself: it can print its own reference, and offers no other way to ask for them.
#include "kafka/properties.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <utility>

#include <librdkafka/rdkafka.h>

namespace thalweg::kafka {
namespace {

using Table = std::map<std::string, Scope, std::less<>>;

std::string printed_reference() {
  char* text = nullptr;
  std::size_t size = 0;
  std::FILE* file = open_memstream(&text, &size);
  if (file == nullptr) return {};
  rd_kafka_conf_properties_show(file);
  std::fclose(file);
  std::string result(text, size);
  std::free(text);
  return result;
}

std::string_view trimmed(std::string_view s) {
  while (!s.empty() && s.front() == ' ') s.remove_prefix(1);
  while (!s.empty() && s.back() == ' ') s.remove_suffix(1);
  return s;
}

// A line reads "acks  |  P  | -1 .. 1000 | …"; `*` stands for both.
Table read_table() {
  Table table;
  const std::string text = printed_reference();
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    const std::size_t first = line.find('|');
    if (first == std::string_view::npos) continue;
    const std::size_t second = line.find('|', first + 1);
    if (second == std::string_view::npos) continue;
    const std::string_view name = trimmed(line.substr(0, first));
    const std::string_view mark = trimmed(line.substr(first + 1, second - first - 1));
    const Scope scope = mark == "*"   ? Scope::both
                        : mark == "C" ? Scope::consumer
                        : mark == "P" ? Scope::producer
                                      : Scope::unknown;
    if (scope == Scope::unknown) continue;  // the head of the table
    auto [it, fresh] = table.try_emplace(std::string(name), scope);
    if (!fresh && it->second != scope) it->second = Scope::both;
  }
  return table;
}

const Table& table() {
  static const Table instance = read_table();
  return instance;
}

// name, why not. Sorted by name.
constexpr std::array<std::pair<std::string_view, std::string_view>, 23> owned{{
    {"acks", "an offset is committed only when all in-sync replicas have its outputs"},
    {"allow.auto.create.topics", "set create_topics of the output instead"},
    {"auto.offset.reset", "set `start` of the source instead: earliest, latest or a time"},
    {"delivery.report.only.error", "acknowledgements are what commits wait for"},
    {"delivery.timeout.ms", "an output is tried until it is acknowledged"},
    {"enable.auto.commit", "offsets are committed when their outputs are acknowledged"},
    {"enable.auto.offset.store", "offsets are committed when their outputs are acknowledged"},
    {"enable.idempotence", "without it a retry could write an output twice or out of order"},
    {"enable.partition.eof", "the source asks for it where it needs it"},
    {"error_cb", "it is a function of the program"},
    {"group.id", "set `group` of the source instead (the default is the pipeline's name)"},
    {"log_cb", "it is a function of the program"},
    {"log.queue", "log lines go to Thalweg's own log"},
    {"message.timeout.ms", "an output is tried until it is acknowledged"},
    {"opaque", "it is a pointer of the program"},
    {"produce.offset.report", "it has no effect"},
    {"queuing.strategy", "the order within a partition is a promise"},
    {"request.required.acks",
     "an offset is committed only when all in-sync replicas have its outputs"},
    {"stats_cb", "it is a function of the program"},
    {"test.mock.broker.rtt", "it is for librdkafka's own tests"},
    {"test.mock.num.brokers", "it is for librdkafka's own tests; use the demo's embedded cluster"},
    {"transaction.timeout.ms", "there are no transactions unless delivery is exactly_once"},
    {"transactional.id", "it is made from the pipeline's name and the process id"},
}};

}  // namespace

Scope scope_of(std::string_view name) {
  const auto it = table().find(name);
  return it == table().end() ? Scope::unknown : it->second;
}

const std::vector<std::string>& property_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const auto& [name, scope] : table()) {
      if (owned_because(name).empty()) all.push_back(name);
    }
    return all;
  }();
  return names;
}

std::string_view owned_because(std::string_view name) {
  const auto it = std::find_if(owned.begin(), owned.end(),
                               [&](const auto& entry) { return entry.first == name; });
  return it == owned.end() ? std::string_view{} : it->second;
}

}  // namespace thalweg::kafka
