// Building an infer step: models loaded and bound, defaults read, columns known; or an error before the first record.
#include <algorithm>

#include <fmt/format.h>

#include "process/infer/default_value.h"
#include "process/infer/infer.h"
#include "process/infer/infer_call.h"

namespace thalweg {
namespace {

Result<std::shared_ptr<ModelHandle>> handle_of(const std::string& model, const Where& where,
                                               const std::string& who,
                                               const OperatorContext& context) {
  if (context.models == nullptr)
    return Error(Code::internal, who + ": no models were given to the step");
  auto handle = context.models->model(model);
  if (handle) return handle;
  Error error = std::move(handle).error().at(who);
  const std::string place = where.to_string();
  return place.empty() ? error : std::move(error).at(place);
}

std::vector<Field> columns_of(const std::vector<OutputPlan>& outputs) {
  std::vector<Field> columns;
  for (const OutputPlan& plan : outputs) columns.push_back({plan.column, plan.type});
  return columns;
}

// The other model brings its own features, and if both have one output, its own name for it.
InferSettings fallback_settings(const InferSettings& settings,
                                const std::vector<OutputPlan>& outputs,
                                const ModelVersion& version) {
  InferSettings other = settings;
  other.model = settings.fallback_model;
  other.where = settings.on_error_where;
  if (version.feature_file != nullptr) other.features = Node();
  other.outputs.clear();
  for (const OutputPlan& plan : outputs) {
    OutputChoice choice{plan.name, plan.column, {}, settings.on_error_where};
    if (outputs.size() == 1 && version.signature.outputs.size() == 1) {
      choice.output = version.signature.outputs.front().name;
    }
    other.outputs.push_back(std::move(choice));
  }
  return other;
}

}  // namespace

Status Infer::bind_primary(const OperatorContext& context) {
  auto handle = handle_of(settings_.model, settings_.where, settings_.who, context);
  if (!handle) return std::move(handle).error();
  primary_ =
      std::make_unique<ModelSlot>(std::move(handle).value(), settings_, input_, *context.registry);
  if (Status fits = primary_->must_fit(); !fits.ok()) return fits;
  auto route = primary_->route();
  if (!route) return std::move(route).error();
  for (const Variant& variant : (*route)->variants) {
    auto bound = primary_->bind(variant.version);
    if (!bound) return std::move(bound).error();
    if (outputs_.empty()) outputs_ = bound->binding->outputs;
  }
  if (Status key = check_key(settings_.model, (*route)->key); !key.ok()) return key;
  output_schema_.fields = columns_of(outputs_);
  for (const Field& column : output_schema_.fields) schema_.fields.push_back(column);
  return {};
}

Status Infer::bind_fallback(const OperatorContext& context) {
  if (settings_.on_error != OnError::model) return {};
  auto handle = handle_of(settings_.fallback_model, settings_.on_error_where,
                          settings_.who + ": on_error", context);
  if (!handle) return std::move(handle).error();
  const auto version = (*handle)->current();
  if (version == nullptr) {
    return Error(Code::model_unavailable,
                 fmt::format("{}: on_error: no version of model '{}' serves", settings_.who,
                             settings_.fallback_model));
  }
  fallback_ = std::make_unique<ModelSlot>(std::move(handle).value(),
                                          fallback_settings(settings_, outputs_, *version), input_,
                                          *context.registry);
  if (Status fits = fallback_->must_fit(); !fits.ok()) return fits;
  auto bound = fallback_->bind(version);
  if (!bound) return std::move(bound).error();
  const std::vector<Field> columns = columns_of(bound->binding->outputs);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].type == outputs_[i].type) continue;
    return signature_error(
        settings_.on_error_where,
        fmt::format("{}: on_error: model '{}' was expected to give '{}' as {}, like "
                    "model '{}'; it gives {}",
                    settings_.who, settings_.fallback_model, columns[i].name,
                    outputs_[i].type.to_string(), settings_.model, columns[i].type.to_string()));
  }
  return {};
}

Status Infer::check_key(const std::string& model, const std::string& key) const {
  if (model != settings_.model) return {};
  Route route;
  route.key = key;
  auto column = key_column(route, input_);
  if (column) return {};
  return Error(Code::config_invalid,
               fmt::format("{}: model '{}': {}", settings_.who, model, column.error().message()));
}

std::string Infer::features_sha256(const std::string& model) const {
  for (const auto& [name, slot] :
       {std::pair{settings_.model, primary_.get()}, {settings_.fallback_model, fallback_.get()}}) {
    if (slot == nullptr || name != model) continue;
    const auto route = slot->route();
    if (!route.ok()) continue;
    const auto bound = slot->bind((*route)->variants.front().version);
    if (bound.ok() && !bound->binding->step_features.empty()) return bound->binding->step_features;
  }
  return {};
}

std::vector<std::string> Infer::made_features() const {
  std::vector<std::string> names;
  for (const ModelSlot* slot : {primary_.get(), fallback_.get()}) {
    if (slot == nullptr) continue;
    const auto route = slot->route();
    if (!route.ok()) continue;
    for (const Variant& variant : (*route)->variants) {
      const auto bound = slot->bind(variant.version);
      if (!bound.ok() || bound->binding->program == nullptr) continue;
      const FeatureProgram& program = *bound->binding->program;
      for (std::size_t i = 0; i < program.outputs().fields.size(); ++i)
        if (program.computed(i)) names.push_back(program.outputs().fields[i].name);
    }
  }
  return names;
}

Status Infer::bind_defaults() {
  if (settings_.on_error != OnError::default_value) return {};
  std::vector<std::string> columns;
  for (const OutputPlan& plan : outputs_) columns.push_back(plan.column);
  for (const auto& [name, value] : settings_.defaults) {
    if (std::find(columns.begin(), columns.end(), name) != columns.end()) continue;
    return config_error(
        value.where(),
        fmt::format("{}: on_error: default: an output's column was expected; "
                    "got '{}'; there is {}.{}",
                    settings_.who, name, quoted_list(columns), did_you_mean(name, columns)));
  }
  for (const OutputPlan& plan : outputs_) {
    const auto given = std::find_if(settings_.defaults.begin(), settings_.defaults.end(),
                                    [&](const auto& entry) { return entry.first == plan.column; });
    if (given == settings_.defaults.end()) {
      return config_error(
          settings_.on_error_where,
          fmt::format("{}: on_error: default: a value for '{}' ({}) was expected; there "
                      "is none",
                      settings_.who, plan.column, plan.type.to_string()));
    }
    auto column =
        read_default(given->second, plan.type,
                     fmt::format("{}: on_error: default: '{}'", settings_.who, plan.column));
    if (!column) return std::move(column).error();
    defaults_.push_back(std::move(column).value());
  }
  return {};
}

Result<std::unique_ptr<Operator>> Infer::make(InferSettings settings,
                                              const OperatorContext& context) {
  std::unique_ptr<Infer> infer(new Infer(std::move(settings), *context.input));
  infer->observer_ = context.observer;
  if (context.observer != nullptr) infer->shadow_observer_ = context.observer->on_shadow();
  Status status = infer->bind_primary(context);
  if (status.ok()) status = infer->bind_fallback(context);
  if (status.ok()) status = infer->bind_defaults();
  if (!status.ok()) return std::move(status).error();
  return std::unique_ptr<Operator>(std::move(infer));
}

void register_infer(Registry& registry) {
  registry.add(OperatorKind{.name = "infer",
                            .doc = infer_section().doc,
                            .section = &infer_section(),
                            .make = [](const Values& values, const OperatorContext& context)
                                -> Result<std::unique_ptr<Operator>> {
                              auto settings = read_infer_settings(values, context.where);
                              if (!settings) return std::move(settings).error();
                              return Infer::make(std::move(settings).value(), context);
                            }});
}

}  // namespace thalweg
