// The settings of an infer step: their declaration and the free-form parts.
#include "process/infer/infer_settings.h"

#include <fmt/format.h>

#include "config/column_type.h"

namespace thalweg {
namespace {

// `score`, or {as: score, type: float32[10]}.
Result<OutputChoice> read_choice(const std::string& output, const Node& node, const Where& where,
                                 const std::string& who) {
  OutputChoice choice{output, output, {}, where};
  if (node.is_null()) return choice;
  const Node* type = node.is_map() ? node.find("type") : nullptr;
  const Node* as = node.is_map() ? node.find("as") : &node;
  const std::size_t known = (type != nullptr ? 1U : 0U) + (as != nullptr ? 1U : 0U);
  if ((as != nullptr && !as->is_scalar()) || (type != nullptr && !type->is_scalar()) ||
      (node.is_map() && node.entries().size() != known)) {
    return config_error(where, fmt::format("{}: outputs: a column's name was expected for '{}', or "
                                           "{{as: name, type: float32[10]}}; got {}",
                                           who, output, node.to_json()));
  }
  if (as != nullptr) choice.column = as->text();
  if (type != nullptr) {
    auto parsed = parse_column_type(type->text());
    if (!parsed) {
      return config_error(type->where(), std::move(parsed).error().at(who + ": outputs").message());
    }
    choice.type = std::move(parsed).value();
  }
  return choice;
}

Status read_outputs(const Node& node, InferSettings& settings) {
  std::vector<std::pair<std::string, Node>> entries;
  if (node.is_map()) {
    entries = node.entries();
  } else {  // a list, or one name: columns called as the outputs
    for (const Node& item : node.is_sequence() ? node.items() : std::vector<Node>{node}) {
      entries.emplace_back(item.text(), Node());
    }
  }
  for (const auto& [output, value] : entries) {
    const Where& where = node.is_map() ? node.key_where(output) : node.where();
    auto choice = read_choice(output, value, where, settings.who);
    if (!choice) return std::move(choice).error();
    settings.outputs.push_back(std::move(choice).value());
  }
  return {};
}

Status read_on_error(const Node& node, InferSettings& settings) {
  settings.on_error_where = node.where();
  if (node.is_scalar() && node.text() == "dead_letter") return {};
  if (node.is_scalar() && node.text() == "stop") {
    settings.on_error = OnError::stop;
    return {};
  }
  if (node.is_map() && node.entries().size() == 1) {
    const auto& [key, value] = node.entries().front();
    if (key == "default" && value.is_map()) {
      settings.on_error = OnError::default_value;
      settings.defaults = value.entries();
      return {};
    }
    if (key == "model" && value.is_scalar()) {
      settings.on_error = OnError::model;
      settings.fallback_model = value.text();
      return {};
    }
  }
  return config_error(
      node.where(),
      fmt::format("{}: on_error: expected dead_letter, stop, {{default: {{column: value}}}} "
                  "or {{model: name}}; got {}",
                  settings.who, node.to_json()));
}

}  // namespace

const Section& infer_section() {
  using T = SettingType;
  static const Section section{
      .name = "infer",
      .doc = "Runs a model on each row; its outputs become columns.",
      .settings =
          {{.name = "model",
            .type = T::string,
            .example = "fraud",
            .required = true,
            .doc = "The model, as `models` names it."},
           {.name = "features",
            .type = T::node,
            .example = "{x: {stack: [{log1p: amount}, hour]}}",
            .doc = "Expressions for the model's inputs. Unset: the version's own features, or else "
                   "the "
                   "fields that are called as the inputs."},
           {.name = "outputs",
            .type = T::node,
            .example = "{dense_5: score}",
            .doc = "The outputs to take and the columns they become. Unset: all, under their own "
                   "names. "
                   "{as: name, type: float32[10]} where the model leaves the shape open."},
           {.name = "on_error",
            .type = T::node,
            .example = "{default: {score: 0.5}}",
            .doc =
                "What happens to rows the model refuses: dead_letter (unless set), stop, {default: "
                "{column: value}} or {model: other}."},
           {.name = "name",
            .type = T::string,
            .example = "scoring",
            .doc = "What errors and metrics call this step."}},
      .shorthand = "model"};
  return section;
}

Result<InferSettings> read_infer_settings(const Values& values, std::string who) {
  InferSettings settings;
  settings.model = values.string("model");
  settings.features = values.node("features");
  settings.where = values.where();
  settings.who = std::move(who);
  if (values.given("outputs")) {
    if (Status status = read_outputs(values.node("outputs"), settings); !status.ok()) {
      return std::move(status).error();
    }
  }
  if (values.given("on_error")) {
    if (Status status = read_on_error(values.node("on_error"), settings); !status.ok()) {
      return std::move(status).error();
    }
  }
  return settings;
}

}  // namespace thalweg
