// Settings that are right one by one and wrong together: what would loop, lose records, or never start.
#include "config/pipeline_check.h"

#include <algorithm>

#include <fmt/format.h>

#include "config/delivery.h"
#include "config/error_rules.h"
#include "config/expected.h"
#include "config/scalars.h"

namespace thalweg::config {

namespace {

constexpr std::size_t kafka_name_bytes_max = 249;

bool is_kafka_name(std::string_view name) {
  if (name.empty() || name.size() > kafka_name_bytes_max || name == "." || name == "..")
    return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
}

Status check_topic(const Where& where, std::string_view owner, const std::string& topic) {
  if (is_kafka_name(topic)) return {};
  const std::string_view cure = topic.starts_with('^')
                                    ? "patterns are not read; name each topic under topics"
                                    : "correct the name";
  return config_error(
      where,
      fmt::format("{}: expected a topic name (letters, digits, '.', '_', '-', at most {}); got "
                  "{}; {}",
                  owner, kafka_name_bytes_max, Node::scalar(topic).shown(), cure));
}

Status check_name(const Values& v) {
  if (!is_kafka_name(v.string("pipeline"))) {
    return config_error(
        v.where("pipeline"),
        fmt::format(
            "pipeline: expected letters, digits, '.', '_' and '-', at most {}; got {}; write "
            "pipeline: tweet-disaster",
            kafka_name_bytes_max, Node::scalar(v.string("pipeline")).shown()));
  }
  if (v.given("group") && v.string("group").empty()) {
    return config_error(v.where("group"),
                        "group: expected a name; got an empty text; remove it, and the pipeline's "
                        "name is the group");
  }
  return {};
}

Status check_inputs(const Values& from, const Node& from_node) {
  if (from.given("topic") && from.given("topics")) {
    return config_error(from.where("topics"),
                        "from: expected either 'topic' or 'topics'; got both; keep one of them");
  }
  const auto topics = input_topics(from);
  if (topics.empty()) {
    if (auto mistyped = mistyped_key(from_section(), from_node, from)) return *mistyped;
    return config_error(from.where(),
                        "from: expected the setting 'topic' (what to read); got none; write topic: "
                        "incoming_tweet");
  }
  const Where where = from.where(from.given("topic") ? "topic" : "topics");
  for (std::size_t i = 0; i < topics.size(); ++i) {
    if (auto status = check_topic(where, "from", topics[i]); !status) return status;
    if (std::find(topics.begin(), topics.begin() + static_cast<std::ptrdiff_t>(i), topics[i]) !=
        topics.begin() + static_cast<std::ptrdiff_t>(i)) {
      return config_error(
          where, fmt::format("from: topics: expected every topic once; got '{}' twice; remove one",
                             topics[i]));
    }
  }
  auto start = parse_start(from.string("start"));
  if (!start) return config_error(from.where("start"), "from: " + start.error().message());
  const Node& fields = from.node("fields");
  if (from.given("fields") && !fields.is_map() && !fields.is_null()) {
    return config_error(from.where("fields"), "from: fields: expected a map of name: type; got " +
                                                  fields.shown() +
                                                  "; write fields: {value: string}");
  }
  return {};
}

// An output that is read again never ends.
Status check_outputs(const Values& v) {
  const auto inputs = input_topics(v.section("from"));
  const auto is_input = [&](const std::string& topic) {
    return std::find(inputs.begin(), inputs.end(), topic) != inputs.end();
  };
  for (const Values& to : v.sections("to")) {
    const std::string& topic = to.string("topic");
    if (auto status = check_topic(to.where("topic"), "to", topic); !status) return status;
    if (is_input(topic)) {
      return config_error(to.where("topic"),
                          fmt::format("to: expected another topic than the one that is read; got "
                                      "'{}', so that the pipeline would read its own output for "
                                      "ever; name another topic",
                                      topic));
    }
  }
  for (const char* owner : {"inference_log", "drift"}) {
    if (!v.given(owner) || !v.section(owner).has("topic")) continue;
    const Values& section = v.section(owner);
    const std::string& topic = section.string("topic");
    if (auto status = check_topic(section.where("topic"), owner, topic); !status) return status;
    if (is_input(topic)) {
      return config_error(section.where("topic"),
                          fmt::format("{}: expected another topic than the one that is read; got "
                                      "'{}'; name another topic",
                                      owner, topic));
    }
  }
  if (!v.given("dead_letters")) return {};
  const Values& dead = v.section("dead_letters");
  const std::string& topic = dead.string("topic");
  if (auto status = check_topic(dead.where("topic"), "dead_letters", topic); !status) return status;
  const auto is_output = [&](const std::string& name) {
    return std::any_of(v.sections("to").begin(), v.sections("to").end(),
                       [&](const Values& to) { return to.string("topic") == name; });
  };
  const auto own = [&](const char* setting, const std::string& name) -> Status {
    if (!is_input(name) && !is_output(name)) return {};
    return config_error(dead.where(name == topic ? "topic" : "retry_topic"),
                        fmt::format("{}: expected a topic of its own; got '{}', which is {} too; "
                                    "name another topic",
                                    setting, name, is_output(name) ? "written to" : "read"));
  };
  if (auto status = own("dead_letters", topic); !status || !dead.has("retry_topic")) return status;
  const std::string& retry = dead.string("retry_topic");
  if (auto status = check_topic(dead.where("retry_topic"), "dead_letters", retry); !status)
    return status;
  if (retry == topic) {
    return config_error(dead.where("retry_topic"),
                        fmt::format("dead_letters: retry_topic: expected another topic than that "
                                    "of the dead letters; got '{}', so that each would be read "
                                    "again for ever; name another topic",
                                    retry));
  }
  return own("dead_letters: retry_topic", retry);
}

// Who reads the outputs should not find there what answers to nobody.
Status check_shadow_topics(const Values& v) {
  const auto own = own_topics(v);
  for (const ShadowTopic& shadow : shadow_topics(v)) {
    const std::string owner = fmt::format("model '{}': shadow: topic", shadow.model);
    if (auto status = check_topic(shadow.where, owner, shadow.topic); !status) return status;
    if (std::find(own.begin(), own.end(), shadow.topic) == own.end()) continue;
    return config_error(
        shadow.where,
        fmt::format("{}: expected a topic that the pipeline does not use otherwise; got '{}'; name "
                    "another topic",
                    owner, shadow.topic));
  }
  return {};
}

Status check_models(const Values& v) {
  const Node& models = v.node("models");
  if (!models.is_null() && !models.is_map()) {
    return config_error(models.where(), "models: expected a map of name: {path: …}; got " +
                                            models.shown() +
                                            "; write models: {disaster: {path: models/tweet_cnn}}");
  }
  return check_shadow_topics(v);
}

// Kafka's names have dots; who writes them as nested maps means the same, but librdkafka would never hear of it.
Status check_kafka(const Values& kafka, std::string_view owner) {
  for (const auto& [name, value] : kafka.others()) {
    if (value.is_scalar()) continue;
    std::string cure = "write one plain value, or remove it";
    if (value.is_map() && !value.entries().empty() && !value.secret()) {
      cure = fmt::format("write the name with dots, as {}.{}: …", name, value.entries()[0].first);
    } else if (value.is_sequence()) {
      cure = fmt::format("write {}: \"one,two\"", name);
    }
    return config_error(value.where(), fmt::format("{}: {}: expected a plain value; got {}; {}",
                                                   owner, name, value.shown(), cure));
  }
  return {};
}

Status check_all_kafka(const Values& v) {
  if (auto status = check_kafka(v.section("kafka"), "kafka"); !status) return status;
  if (auto status = check_kafka(v.section("from").section("kafka"), "from.kafka"); !status)
    return status;
  for (const Values& to : v.sections("to")) {
    if (auto status = check_kafka(to.section("kafka"), "to.kafka"); !status) return status;
  }
  return {};
}

Status check_create_topics(const Values& v) {
  const Values& create = v.section("create_topics");
  if (!v.given("create_topics") || create.given("enabled")) return {};
  return config_error(
      create.where(),
      "create_topics: expected the setting 'enabled'; got none, so that nothing would be "
      "created; write enabled: true");
}

Status check_comparison(const Values& comparison) {
  const double low = comparison.number("low");
  const double high = comparison.number("high");
  const double threshold = comparison.number("threshold");
  if (low >= high) {
    return config_error(
        comparison.where(comparison.given("low") ? "low" : "high"),
        fmt::format("comparison: low: expected less than high ({}); got {}; give both, as in "
                    "{{low: 0, high: 100}}",
                    number_text(high), number_text(low)));
  }
  // On a border, or outside, all decisions are the same, and none would ever flip.
  if (threshold <= low || threshold >= high) {
    return config_error(
        comparison.where(comparison.given("threshold") ? "threshold"
                         : comparison.given("low")     ? "low"
                                                       : "high"),
        fmt::format("comparison: threshold: expected more than low ({}) and less than high ({}); "
                    "got {}; write threshold: {}",
                    number_text(low), number_text(high), number_text(threshold),
                    number_text((low + high) / 2)));
  }
  return {};
}

Status check_running(const Values& v) {
  if (auto status = check_delivery(v); !status) return status;
  if (auto status = check_comparison(v.section("comparison")); !status) return status;
  const std::int64_t memory = v.integer("memory_max");
  const auto too_large = [&](const Values& owner, const char* name, const char* shown) -> Status {
    if (owner.integer(name) <= memory) return {};
    const std::string memory_text = bytes_text(static_cast<double>(memory));
    return config_error(
        owner.given(name) ? owner.where(name) : v.where("memory_max"),
        fmt::format("{}: expected at most memory_max ({}); got {}; raise memory_max or lower {}",
                    shown, memory_text, bytes_text(owner.number(name)), shown));
  };
  if (auto status = too_large(v.section("batch"), "bytes_max", "batch.bytes_max"); !status)
    return status;
  if (auto status = too_large(v.section("from"), "value_bytes_max", "from.value_bytes_max");
      !status)
    return status;
  const Values& watchdog = v.section("watchdog");
  if (watchdog.integer("exit_after") < watchdog.integer("report_after")) {
    return config_error(
        watchdog.where(),
        fmt::format("watchdog: expected exit_after to be at least report_after ({}); got "
                    "{}; raise exit_after or lower report_after",
                    duration_text(watchdog.number("report_after")),
                    duration_text(watchdog.number("exit_after"))));
  }
  return {};
}

}  // namespace

Status check_pipeline(const Values& values) {
  if (auto status = check_name(values); !status) return status;
  if (auto status = check_inputs(values.section("from"), values.node("from")); !status)
    return status;
  if (auto status = check_outputs(values); !status) return status;
  if (auto status = check_models(values); !status) return status;
  if (auto steps = steps_of(values.node("steps")); !steps) return std::move(steps).error();
  if (auto rules = read_error_rules(values); !rules) return std::move(rules).error();
  if (auto status = check_all_kafka(values); !status) return status;
  if (auto status = check_create_topics(values); !status) return status;
  return check_running(values);
}

}  // namespace thalweg::config
