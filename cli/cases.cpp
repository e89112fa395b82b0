#include "cli/cases.h"

#include <algorithm>

#include <fmt/format.h>

#include "cli/base64.h"
#include "cli/case_sections.h"
#include "config/json_text.h"
#include "config/pipeline.h"
#include "config/yaml_reader.h"

namespace thalweg::cli {
namespace {

bool is_base64_map(const Node& node) {
  return node.is_map() && node.entries().size() == 1 && node.entries()[0].first == "base64";
}

Result<std::string> base64_bytes(const Node& node) {
  const Node& text = node.entries()[0].second;
  auto bytes = from_base64(text.text());
  if (!text.is_scalar() || !bytes) {
    return config_error(text.where(), "base64: expected base64 with padding; got " + text.shown());
  }
  return *std::move(bytes);
}

// Text stands for itself, anything else for its JSON.
Result<std::optional<std::string>> input_bytes(const Node& node) {
  if (node.is_null()) return std::optional<std::string>{};
  if (is_base64_map(node)) {
    auto bytes = base64_bytes(node);
    if (!bytes) return std::move(bytes).error();
    return std::optional<std::string>{std::move(bytes).value()};
  }
  if (node.is_scalar()) return std::optional<std::string>{node.text()};
  return std::optional<std::string>{node.to_json()};
}

Result<Expected> expected_value(const Node& node) {
  Expected expected;
  if (node.is_null()) return expected;
  if (is_base64_map(node)) {
    auto bytes = base64_bytes(node);
    if (!bytes) return std::move(bytes).error();
    expected.bytes = std::move(bytes).value();
    return expected;
  }
  expected.json = json_of(node);
  // `value: abc` is the text abc, and also the JSON "abc".
  if (node.is_scalar()) expected.bytes = node.text();
  return expected;
}

Result<std::vector<ExpectedHeader>> expected_headers(const Node& node) {
  std::vector<ExpectedHeader> headers;
  if (!node.is_map() && !node.is_null()) {
    return config_error(node.where(),
                        "headers: expected a map of name: value; got " + node.shown());
  }
  for (const auto& [name, value] : node.entries()) {
    ExpectedHeader& header = headers.emplace_back();
    header.name = name;
    if (value.is_scalar()) header.value = value.text();
    for (const auto& [entry, text] : value.entries()) {
      header.entries.emplace_back(entry, text.text());
    }
    if (value.is_sequence()) {
      return config_error(
          value.where(),
          fmt::format("headers: {}: expected a text, null (must not be there) or a map "
                      "of entries; got a list",
                      name));
    }
  }
  return headers;
}

Result<std::string> topic_of(const Values& section, const std::vector<std::string>& known,
                             std::string_view what) {
  if (!section.given("topic")) {
    if (known.size() == 1) return known.front();
    return config_error(section.where(),
                        fmt::format("{}: the pipeline has {} of them ({}); say which with topic",
                                    what, known.size(), quoted_list(known)));
  }
  const std::string& topic = section.string("topic");
  if (std::find(known.begin(), known.end(), topic) != known.end()) return topic;
  return config_error(section.where("topic"),
                      fmt::format("{}: topic: expected {}; got '{}'.{}", what, quoted_list(known),
                                  topic, did_you_mean(topic, known)));
}

Result<ExpectedOutput> read_output(const Values& v, const CaseTopics& topics) {
  ExpectedOutput output;
  auto topic = topic_of(v, topics.outputs, "output");
  if (!topic) return std::move(topic).error();
  output.topic = std::move(topic).value();
  for (const auto& [name, target] :
       {std::pair{"value", &output.value}, std::pair{"key", &output.key}}) {
    if (!v.given(name)) continue;
    auto expected = expected_value(v.node(name));
    if (!expected) return std::move(expected).error();
    *target = std::move(expected).value();
  }
  auto headers = expected_headers(v.node("headers"));
  if (!headers) return std::move(headers).error();
  output.headers = std::move(headers).value();
  output.subset = v.boolean("subset");
  return output;
}

Status read_input(const Values& v, const CaseTopics& topics, Case& out) {
  auto topic = topic_of(v, topics.inputs, "input");
  if (!topic) return std::move(topic).error();
  out.topic = std::move(topic).value();
  for (const auto& [name, target] :
       {std::pair{"value", &out.input.value}, std::pair{"key", &out.input.key}}) {
    auto bytes = input_bytes(v.node(name));
    if (!bytes) return std::move(bytes).error();
    *target = std::move(bytes).value();
  }
  const Node& headers = v.node("headers");
  if (!headers.is_map() && !headers.is_null()) {
    return config_error(headers.where(),
                        "headers: expected a map of name: value; got " + headers.shown());
  }
  for (const auto& [name, value] : headers.entries()) {
    auto bytes = input_bytes(value);
    if (!bytes) return std::move(bytes).error();
    out.input.headers.emplace_back(name, std::move(bytes).value().value_or(""));
  }
  if (v.given("timestamp")) out.input.timestamp = Timestamp{v.integer("timestamp")};
  out.input.partition = Partition{static_cast<std::int32_t>(v.integer("partition"))};
  return {};
}

Status read_death(const Values& v, Case& out) {
  const std::string& code = v.string("code");
  if (const auto known = code_from(code);
      !known || domain_of(*known) != Domain::user || retry_of(*known) != Retry::no) {
    return config_error(
        v.where("code"),
        fmt::format("dead: expected the code of a dead letter, as missing_field; got '{}'.{}", code,
                    did_you_mean(code, dead_letter_codes())));
  }
  out.dead = ExpectedDeath{code, v.has("message") ? v.string("message") : ""};
  return {};
}

Result<Case> read_case(const Values& v, const CaseTopics& topics) {
  Case out;
  out.name = v.string("name");
  out.where = v.where();
  const bool filtered = v.given("filtered") && v.boolean("filtered");
  const int outcomes = static_cast<int>(v.given("output")) + static_cast<int>(v.given("outputs")) +
                       static_cast<int>(v.given("dead")) + static_cast<int>(filtered);
  if (outcomes != 1) {
    return config_error(
        v.where(),
        fmt::format("case '{}': expected one of output, outputs, filtered: true and dead; got {}",
                    out.name, outcomes == 0 ? "none" : "several"));
  }
  if (Status input = read_input(v.section("input"), topics, out); !input.ok()) {
    return std::move(input).error();
  }
  if (v.given("dead")) {
    if (Status dead = read_death(v.section("dead"), out); !dead.ok())
      return std::move(dead).error();
  }
  std::vector<const Values*> outputs;
  if (v.given("output")) outputs.push_back(&v.section("output"));
  if (v.given("outputs")) {
    for (const Values& output : v.sections("outputs")) outputs.push_back(&output);
  }
  for (const Values* values : outputs) {
    auto output = read_output(*values, topics);
    if (!output) return std::move(output).error();
    out.outputs.push_back(std::move(output).value());
  }
  return out;
}

}  // namespace

Result<CaseFile> read_cases(const std::string& path, const CaseTopics& topics) {
  // What a record says is data: nothing of it is expanded.
  YamlOptions options;
  options.expand = false;
  auto root = read_yaml_file(path, options);
  if (!root) return std::move(root).error();
  auto values = read(case_file_section(), *root);
  if (!values) return std::move(values).error();
  CaseFile file;
  file.tolerance = values->number("tolerance");
  if (values->given("now")) {
    auto now = parse_start(values->string("now"));
    if (!now || now->kind != Start::Kind::time) {
      return config_error(
          values->where("now"),
          "now: expected a time, as 2026-05-01T00:00:00Z; got '" + values->string("now") + "'");
    }
    file.now = now->time;
  }
  for (const Values& v : values->sections("cases")) {
    auto read = read_case(v, topics);
    if (!read) return std::move(read).error();
    file.cases.push_back(std::move(read).value());
  }
  return file;
}

}  // namespace thalweg::cli
