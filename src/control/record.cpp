#include "control/record.h"

#include <algorithm>
#include <ctime>
#include <utility>
#include <vector>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "config/scalars.h"
#include "control/json_node.h"
#include "model/uri.h"
#include "model/variant_section.h"

namespace thalweg::control {
namespace {

using Entries = std::vector<std::pair<std::string, Node>>;

constexpr std::int64_t format = 1;
constexpr std::size_t variants_max = 64;
constexpr std::size_t text_bytes_max = 4096;
constexpr std::size_t topic_bytes_max = 249;

const Section& variant_section() {
  static const Section section{
      .name = "variants",
      .doc = "A version and its share of the buckets.",
      .settings = {
          {.name = "name", .fallback = "", .doc = "The variant's name."},
          {.name = "version", .required = true, .doc = "latest, a number, a label, or a URI."},
          {.name = "share",
           .type = SettingType::integer,
           .unit = "buckets",
           .min = 0,
           .max = bucket_count,
           .required = true,
           .doc = "Of 10,000 buckets."}}};
  return section;
}

const Section& shadow_section() {
  static const Section section{
      .name = "shadow",
      .doc = "A version that sees the same records and answers to nobody.",
      .settings = {
          {.name = "version", .required = true, .doc = "As a variant's."},
          {.name = "topic", .fallback = "", .doc = "Where its outputs go; empty: to metrics only."},
          {.name = "cpu_share",
           .type = SettingType::number,
           .fallback = "0.5",
           .min = cpu_share_min,
           .max = cpu_share_max,
           .doc = "Of one core, at most."}}};
  return section;
}

const Section& state_section() {
  static const Section section{
      .name = "state",
      .doc = "What is wanted of a model.",
      .settings = {
          {.name = "variants",
           .type = SettingType::sections,
           .required = true,
           .section = &variant_section(),
           .doc = "Who answers; the first is the champion."},
          {.name = "shadow",
           .type = SettingType::section,
           .section = &shadow_section(),
           .doc = "A challenger that only watches."},
          {.name = "salt", .fallback = "", .doc = "Of the buckets; empty: the model's name."},
          {.name = "key", .fallback = "", .doc = "The field of the buckets; empty: the key."},
          {.name = "labels", .type = SettingType::map, .doc = "Label: version number."}}};
  return section;
}

const Section& before_section() {
  static const Section section{.name = "before",
                               .doc = "What the writer had read.",
                               .settings = {{.name = "epoch",
                                             .type = SettingType::integer,
                                             .min = -1,
                                             .required = true,
                                             .doc = "Of the record before; -1: the pipeline file."},
                                            {.name = "state",
                                             .type = SettingType::section,
                                             .required = true,
                                             .section = &state_section(),
                                             .doc = "The state before."}}};
  return section;
}

const Section& record_section() {
  static const Section section{
      .name = "record",
      .doc = "A control record.",
      .settings = {{.name = "format",
                    .type = SettingType::integer,
                    .required = true,
                    .doc = "Of the record: 1."},
                   {.name = "action", .fallback = "", .doc = "What was done."},
                   {.name = "by", .fallback = "", .doc = "Who did it."},
                   {.name = "why", .fallback = "", .doc = "Why."},
                   {.name = "at", .fallback = "", .doc = "When."},
                   {.name = "state",
                    .type = SettingType::section,
                    .required = true,
                    .section = &state_section(),
                    .doc = "What is wanted."},
                   {.name = "before",
                    .type = SettingType::section,
                    .section = &before_section(),
                    .doc = "What was wanted before."}}};
  return section;
}

bool is_name(std::string_view text, std::size_t bytes_max) {
  return text.size() <= bytes_max && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '_' || c == '-' || c == '.';
         });
}

bool is_number(std::string_view text) {
  return !text.empty() && text.size() <= 18 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// A word, a number, or a URI; what it names is looked for where the versions are.
Status check_version(std::string_view where, const VersionWish& wish) {
  const bool uri = wish.find(':') != std::string::npos && wish.size() <= text_bytes_max &&
                   std::none_of(wish.begin(), wish.end(), [](char c) {
                     return static_cast<unsigned char>(c) <= ' ' || c == '\x7f';
                   });
  if (uri || (!wish.empty() && is_name(wish, 255))) return {};
  return Error(Code::config_invalid,
               fmt::format("{}: version: expected latest, a number, a label, or a URI; got {}; "
                           "write \"version\": \"3\"",
                           where, Node::scalar(shown_uri(wish)).shown()));
}

DesiredModel state_of(const Values& values) {
  DesiredModel state;
  state.variants.clear();
  for (const Values& v : values.sections("variants")) {
    state.variants.push_back(
        {v.string("name"), v.string("version"), static_cast<std::uint32_t>(v.integer("share"))});
  }
  if (values.given("shadow")) {
    const Values& shadow = values.section("shadow");
    state.shadow = {shadow.string("version"), shadow.string("topic"), shadow.number("cpu_share")};
  }
  state.salt = values.string("salt");
  state.key = values.string("key");
  for (auto& [label, version] : values.map("labels")) state.labels[label] = version;
  return state;
}

std::string percent(std::uint32_t share) {
  return fmt::format("{}%", config::number_text(share / 100.0));
}

}  // namespace

std::string model_key(std::string_view pipeline, std::string_view model) {
  return fmt::format("{}/{}", pipeline, model);
}

Node state_node(const DesiredModel& state) {
  std::vector<Node> variants;
  for (const DesiredVariant& v : state.variants) {
    variants.push_back(Node::map({{"name", json_string(v.name)},
                                  {"version", json_string(v.version)},
                                  {"share", json_number(std::int64_t{v.share})}}));
  }
  Entries entries{{"variants", Node::sequence(std::move(variants))}};
  if (state.shadow) {
    entries.emplace_back("shadow",
                         Node::map({{"version", json_string(state.shadow->version)},
                                    {"topic", json_string(state.shadow->topic)},
                                    {"cpu_share", json_number(state.shadow->cpu_share)}}));
  }
  if (!state.salt.empty()) entries.emplace_back("salt", json_string(state.salt));
  if (!state.key.empty()) entries.emplace_back("key", json_string(state.key));
  if (!state.labels.empty()) {
    Entries labels;
    for (const auto& [label, version] : state.labels)
      labels.emplace_back(label, json_string(version));
    entries.emplace_back("labels", Node::map(std::move(labels)));
  }
  return Node::map(std::move(entries));
}

std::string to_json(const ControlRecord& record) {
  Entries entries{{"format", json_number(format)}, {"action", json_string(record.action)},
                  {"by", json_string(record.by)},  {"why", json_string(record.why)},
                  {"at", json_string(record.at)},  {"state", state_node(record.state)}};
  if (record.before) {
    entries.emplace_back("before", Node::map({{"epoch", json_number(record.before->epoch)},
                                              {"state", state_node(record.before->state)}}));
  }
  return Node::map(std::move(entries)).to_json();
}

Result<ControlRecord> parse_record(std::string_view json) {
  auto node = read_json(json);
  if (!node) return std::move(node).error();
  // The number of the format first: a newer one may have anything else in it.
  const Node* number = node->find("format");
  if (number != nullptr && number->as_integer() && *number->as_integer() != format)
    return Error(Code::config_invalid,
                 fmt::format("format: expected {}; got {}; it was written by another version of "
                             "thalweg; run that one, or write the record anew",
                             format, number->text()));
  auto values = read(record_section(), *node);
  if (!values) return std::move(values).error();
  ControlRecord record;
  record.state = state_of(values->section("state"));
  if (Status s = check_state(record.state); !s) return std::move(s).error();
  if (values->given("before")) {
    const Values& before = values->section("before");
    record.before = {before.integer("epoch"), state_of(before.section("state"))};
    if (Status s = check_state(record.before->state); !s) return std::move(s).error().at("before");
  }
  record.action = values->string("action");
  record.by = values->string("by");
  record.why = values->string("why");
  record.at = values->string("at");
  return record;
}

Result<DesiredModel> parse_state(const Node& node) {
  auto values = read(state_section(), node);
  if (!values) return std::move(values).error();
  DesiredModel state = state_of(*values);
  if (Status s = check_state(state); !s) return std::move(s).error();
  return state;
}

Status check_state(const DesiredModel& state) {
  if (state.variants.empty() || state.variants.size() > variants_max)
    return Error(Code::config_invalid,
                 fmt::format("variants: expected 1 to {}; got {}; name who answers", variants_max,
                             state.variants.size()));
  std::uint64_t shares = 0;
  for (std::size_t i = 0; i < state.variants.size(); ++i) {
    const DesiredVariant& v = state.variants[i];
    const std::string where = fmt::format("variant '{}'", v.name);
    if (!is_name(v.name, 64) || (v.name.empty() && state.variants.size() > 1))
      return Error(Code::config_invalid,
                   fmt::format("variants: name: expected letters, digits, '.', '_' and '-', at "
                               "most 64; got {}; each of several variants needs a name",
                               Node::scalar(v.name).shown()));
    for (std::size_t j = 0; j < i; ++j) {
      if (state.variants[j].name == v.name)
        return Error(Code::config_invalid,
                     where + ": expected each name once; got it twice; rename one");
    }
    if (Status s = check_version(where, v.version); !s) return s;
    shares += v.share;
  }
  if (shares != bucket_count)
    return Error(Code::config_invalid,
                 fmt::format("variants: expected shares that add up to {} (100%); got {}; change "
                             "one of them",
                             bucket_count, shares));
  for (const auto& [label, version] : state.labels) {
    if (label.empty() || !is_name(label, 64) || is_number(label) || label == "latest")
      return Error(Code::config_invalid,
                   fmt::format("labels: expected a word that is no number; got {}; write stable=3",
                               Node::scalar(label).shown()));
    if (!is_number(version))
      return Error(Code::config_invalid,
                   fmt::format("label '{}': expected a version number; got {}; write {}=3", label,
                               Node::scalar(shown_uri(version)).shown(), label));
  }
  if (!state.shadow) return {};
  const std::string& topic = state.shadow->topic;
  if (!topic.empty() && (!is_name(topic, topic_bytes_max) || topic == "." || topic == ".."))
    return Error(Code::config_invalid,
                 fmt::format("shadow: topic: expected a topic's name (letters, digits, '.', '_', "
                             "'-', at most {}), or nothing; got {}; correct it",
                             topic_bytes_max, Node::scalar(topic).shown()));
  const double share = state.shadow->cpu_share;
  if (!(share >= cpu_share_min && share <= cpu_share_max))
    return Error(Code::config_invalid,
                 fmt::format("shadow: cpu_share: expected {} to {} cores; got {}; write 0.5",
                             cpu_share_min, cpu_share_max, share));
  return check_version("shadow", state.shadow->version);
}

std::string time_text(std::int64_t ms) {
  return fmt::format("{:%FT%TZ}", fmt::gmtime(static_cast<std::time_t>(ms / 1000)));
}

std::string describe(const DesiredModel& state) {
  std::string text;
  if (state.variants.size() == 1) {
    const DesiredVariant& only = state.variants.front();
    text = fmt::format("{}{}version {}", only.name, only.name.empty() ? "" : " ",
                       shown_uri(only.version));
  } else {
    for (const DesiredVariant& v : state.variants)
      text += fmt::format("{}{} {} version {}", text.empty() ? "" : ", ", v.name, percent(v.share),
                          shown_uri(v.version));
  }
  if (state.shadow) {
    text += "; shadow version " + shown_uri(state.shadow->version);
    if (!state.shadow->topic.empty()) text += " to " + state.shadow->topic;
  }
  for (const auto& [label, version] : state.labels)
    text += fmt::format("; {} = {}", label, version);
  if (!state.key.empty()) text += "; by field " + state.key;
  return text;
}

}  // namespace thalweg::control
