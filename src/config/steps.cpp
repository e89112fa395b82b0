// `steps:` as a list of kinds with their settings, and the other small readers of a pipeline file.
#include <fmt/format.h>

#include "config/pipeline.h"

namespace thalweg {

namespace {

Error not_a_step(const Node& item, std::size_t index) {
  return config_error(
      item.where(),
      fmt::format(
          "steps: step {}: expected one kind with its settings; got {}; write - filter: {{field: "
          "amount, above: 0}}, and indent settings below the kind",
          index + 1, item.shown()));
}

// Takes `name` out of the settings: it is the step's, not the kind's.
Status take_name(Step& step) {
  const Node* name = step.settings.find("name");
  if (name == nullptr) return {};
  if (!name->is_scalar() || name->text().empty()) {
    return config_error(name->where(),
                        fmt::format("step {}: name: expected a text; got {}; write name: {}_1",
                                    step.kind, name->shown(), step.kind));
  }
  step.name = name->text();
  std::vector<std::pair<std::string, Node>> rest;
  std::vector<Where> wheres;
  for (const auto& [key, value] : step.settings.entries()) {
    if (key == "name") continue;
    rest.emplace_back(key, value);
    wheres.push_back(step.settings.key_where(key));
  }
  step.settings = Node::map(std::move(rest), step.settings.where(), std::move(wheres));
  return {};
}

}  // namespace

std::string Step::label() const {
  return name.empty() ? "step " + kind : fmt::format("step {} ({})", name, kind);
}

Result<std::vector<Step>> steps_of(const Node& steps) {
  std::vector<Step> all;
  if (steps.is_null()) return all;
  if (!steps.is_sequence()) {
    return config_error(steps.where(),
                        fmt::format("steps: expected a list; got {}; write each step as - kind: "
                                    "{{settings}}",
                                    steps.shown()));
  }
  for (const Node& item : steps.items()) {
    Step step;
    step.index = all.size();
    if (item.is_scalar()) {  // a kind without settings
      step.kind = item.text();
      step.where = item.where();
    } else if (item.is_map() && item.entries().size() == 1) {
      step.kind = item.entries()[0].first;
      step.settings = item.entries()[0].second;
      step.where = item.key_where(step.kind);
    } else {
      return not_a_step(item, all.size());
    }
    if (auto status = take_name(step); !status) return std::move(status).error();
    for (const Step& other : all) {
      if (step.name.empty() || other.name != step.name) continue;
      return config_error(
          step.where,
          fmt::format("{}: expected a name of its own; got that of step {}; choose another",
                      step.label(), other.index + 1));
    }
    all.push_back(std::move(step));
  }
  return all;
}

std::vector<std::string> input_topics(const Values& from) {
  if (from.given("topic")) return {from.string("topic")};
  return from.strings("topics");
}

std::vector<std::string> read_topics(const Values& pipeline) {
  std::vector<std::string> topics = input_topics(pipeline.section("from"));
  const Values& dead = pipeline.section("dead_letters");
  if (pipeline.given("dead_letters") && dead.has("retry_topic"))
    topics.push_back(dead.string("retry_topic"));
  return topics;
}

std::vector<ShadowTopic> shadow_topics(const Values& pipeline) {
  std::vector<ShadowTopic> topics;
  const Node& models = pipeline.node("models");
  if (!models.is_map()) return topics;
  for (const auto& [model, entry] : models.entries()) {
    const Node* shadow = entry.is_map() ? entry.find("shadow") : nullptr;
    const Node* topic = shadow != nullptr && shadow->is_map() ? shadow->find("topic") : nullptr;
    if (topic != nullptr && topic->is_scalar())
      topics.push_back({model, topic->text(), topic->where()});
  }
  return topics;
}

std::string audit_topic(const Values& control) {
  if (control.has("audit_topic")) return control.string("audit_topic");
  return control.has("topic") ? control.string("topic") + ".audit" : std::string();
}

std::vector<std::string> own_topics(const Values& pipeline) {
  std::vector<std::string> topics = read_topics(pipeline);
  for (const Values& to : pipeline.sections("to")) topics.push_back(to.string("topic"));
  for (const char* owner : {"dead_letters", "inference_log", "drift", "control"}) {
    if (pipeline.given(owner) && pipeline.section(owner).has("topic"))
      topics.push_back(pipeline.section(owner).string("topic"));
  }
  if (pipeline.given("control")) {
    if (const std::string audit = audit_topic(pipeline.section("control")); !audit.empty())
      topics.push_back(audit);
  }
  return topics;
}

std::vector<KafkaProperty> kafka_properties(const Values& kafka) {
  std::vector<KafkaProperty> properties;
  constexpr std::string_view servers = "bootstrap.servers";
  if (kafka.declares(servers)) {
    properties.push_back(
        {std::string(servers), kafka.string(servers), kafka.where(servers), false});
  }
  for (const auto& [name, node] : kafka.others()) {
    properties.push_back({name, node.text(), node.where(), node.secret()});
  }
  return properties;
}

}  // namespace thalweg
