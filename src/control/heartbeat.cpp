#include "control/heartbeat.h"

#include <fmt/format.h>

#include "control/json_node.h"

namespace thalweg::control {
namespace {

constexpr std::string_view prefix = "~process/";

Setting text(const char* name) {
  return {.name = name, .fallback = "", .doc = "A text."};
}
Setting flag(const char* name) {
  return {.name = name, .type = SettingType::boolean, .fallback = "false", .doc = "A flag."};
}
Setting number(const char* name) {
  return {.name = name, .type = SettingType::integer, .required = true, .doc = "A number."};
}

const Section& version_section() {
  static const Section section{
      .name = "versions",
      .doc = "A version in a process.",
      .settings = {number("version"), text("state"), text("role"), text("reason"), text("uri")},
      .open = true};
  return section;
}

const Section& model_section() {
  static const Section section{
      .name = "models",
      .doc = "A model in a process.",
      .settings = {number("wish"),
                   number("prepared"),
                   number("active"),
                   text("refused"),
                   flag("shadow_pending"),
                   text("shadow_refused"),
                   {.name = "versions",
                    .type = SettingType::sections,
                    .section = &version_section(),
                    .doc = "Its versions."},
                   {.name = "ab", .type = SettingType::node, .doc = "The A/B test under way."}},
      .open = true};
  return section;
}

const Section& heartbeat_section() {
  static const Section section{
      .name = "process",
      .doc = "What a process says of itself.",
      .settings = {number("format"),
                   text("host"),
                   number("pid"),
                   flag("paused"),
                   {.name = "models", .type = SettingType::node, .doc = "By name."}},
      .open = true};
  return section;
}

Result<ModelReport> report_of(const Node& node) {
  auto values = read(model_section(), node);
  if (!values) return std::move(values).error();
  ModelReport report;
  report.wish = values->integer("wish");
  report.prepared = values->integer("prepared");
  report.active = values->integer("active");
  report.refused = values->string("refused");
  report.shadow = {values->boolean("shadow_pending"), values->string("shadow_refused")};
  for (const Values& v : values->sections("versions"))
    report.versions.push_back({v.integer("version"), v.string("state"), v.string("role"),
                               v.string("reason"), v.string("uri")});
  if (const Node& ab = values->node("ab"); !ab.is_null()) report.ab = ab.to_json();
  return report;
}

}  // namespace

std::string process_key(std::string_view pipeline, std::string_view process) {
  return fmt::format("{}{}/{}", prefix, pipeline, process);
}

std::optional<std::pair<std::string, std::string>> parse_process_key(std::string_view key) {
  if (!key.starts_with(prefix)) return std::nullopt;
  key.remove_prefix(prefix.size());
  const std::size_t slash = key.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  return std::pair(std::string(key.substr(0, slash)), std::string(key.substr(slash + 1)));
}

Node to_node(const ModelReport& report) {
  std::vector<Node> versions;
  for (const VersionReport& v : report.versions) {
    versions.push_back(Node::map({{"version", json_number(v.version)},
                                  {"state", json_string(v.state)},
                                  {"role", json_string(v.role)},
                                  {"reason", json_string(v.reason)},
                                  {"uri", json_string(v.uri)}}));
  }
  Node node = Node::map({{"wish", json_number(report.wish)},
                         {"prepared", json_number(report.prepared)},
                         {"active", json_number(report.active)},
                         {"refused", json_string(report.refused)},
                         {"shadow_pending", json_boolean(report.shadow.pending)},
                         {"shadow_refused", json_string(report.shadow.refused)},
                         {"versions", Node::sequence(std::move(versions))}});
  if (report.ab.empty()) return node;
  if (auto ab = read_json(report.ab)) node.set("ab", *std::move(ab));
  return node;
}

Node to_node(const Heartbeat& heartbeat) {
  Node models = Node::map({});
  for (const auto& [name, report] : heartbeat.models) models.set(name, to_node(report));
  return Node::map({{"format", json_number(std::int64_t{1})},
                    {"host", json_string(heartbeat.host)},
                    {"pid", json_number(heartbeat.pid)},
                    {"paused", json_boolean(heartbeat.paused)},
                    {"models", std::move(models)}});
}

Result<Heartbeat> parse_heartbeat(std::string_view json) {
  auto node = read_json(json);
  if (!node) return std::move(node).error();
  auto values = read(heartbeat_section(), *node);
  if (!values) return std::move(values).error();
  Heartbeat heartbeat;
  heartbeat.host = values->string("host");
  heartbeat.pid = values->integer("pid");
  heartbeat.paused = values->boolean("paused");
  for (const auto& [name, model] : values->node("models").entries()) {
    auto report = report_of(model);
    if (!report) return std::move(report).error().at("model '" + name + "'");
    heartbeat.models.emplace(name, *std::move(report));
  }
  return heartbeat;
}

}  // namespace thalweg::control
