// Which outputs are taken, under which names, and what type of column each becomes.
#include "process/infer/infer_binding_outputs.h"

#include <algorithm>

#include <fmt/format.h>

#include "config/reserved_names.h"

namespace thalweg {
namespace {

struct OutputBinder {
  const ModelVersion& version;
  const InferSettings& settings;
  const Schema& available;

  [[nodiscard]] Error mismatch(const Where& where, const std::string& message) const {
    return signature_error(where,
                           fmt::format("{}: model '{}'{}", settings.who, version.model, message));
  }

  [[nodiscard]] Result<std::uint32_t> find(const OutputChoice& choice) const {
    const auto& outputs = version.signature.outputs;
    std::vector<std::string> names;
    std::string list;
    for (std::uint32_t i = 0; i < outputs.size(); ++i) {
      if (outputs[i].name == choice.output) return i;
      names.push_back(outputs[i].name);
      list += (i == 0 ? "" : i + 1 == outputs.size() ? " and " : ", ") + outputs[i].to_string();
    }
    return mismatch(choice.where,
                    fmt::format(" has no output '{}'; it has {}.{}", choice.output, list,
                                outputs.size() == 1 ? " Did you mean that?"
                                                    : did_you_mean(choice.output, names)));
  }

  // One row of the output. [?,1] becomes a scalar, since that is what one number per row means.
  [[nodiscard]] Result<ColumnType> type_of(const TensorSpec& spec,
                                           const OutputChoice& choice) const {
    if (choice.type) {
      if (choice.type->dtype == spec.dtype) return *choice.type;
      return mismatch(choice.where,
                      fmt::format(": its output {} was expected to be {}, as outputs says",
                                  spec.to_string(), choice.type->to_string()));
    }
    if (!spec.unknown_rank && spec.shape.rank() == 0 && version.batch_dim != BatchDim::none) {
      return mismatch(choice.where,
                      fmt::format(": one result per row was expected; its output {} is one "
                                  "for all rows of a call; leave it out of outputs",
                                  spec.to_string()));
    }
    std::vector<std::int64_t> dims = row_dims(spec, version.batch_dim);
    if (dims == std::vector<std::int64_t>{1}) dims.clear();
    const bool open = spec.unknown_rank ||
                      std::count(dims.begin(), dims.end(), Shape::unknown) > 1 ||
                      (std::count(dims.begin(), dims.end(), Shape::unknown) == 1 &&
                       dims.front() != Shape::unknown);
    if (open) {
      return mismatch(
          choice.where,
          fmt::format(": its output {} leaves the shape of a row open; say it in outputs, as "
                      "{}: {{as: {}, type: {}[10]}}",
                      spec.to_string(), spec.name, choice.column, to_string(spec.dtype)));
    }
    return ColumnType{spec.dtype, Shape{std::move(dims)}};
  }

  [[nodiscard]] std::vector<OutputChoice> choices() const {
    if (!settings.outputs.empty()) return settings.outputs;
    std::vector<OutputChoice> all;
    for (const TensorSpec& spec : version.signature.outputs) {
      all.push_back({spec.name, spec.name, {}, settings.where});
    }
    return all;
  }
};

}  // namespace

Result<std::vector<OutputPlan>> bind_outputs(const ModelVersion& version,
                                             const InferSettings& settings,
                                             const Schema& available) {
  const OutputBinder binder{version, settings, available};
  std::vector<OutputPlan> plans;
  for (const OutputChoice& choice : binder.choices()) {
    auto output = binder.find(choice);
    if (!output) return std::move(output).error();
    auto type = binder.type_of(version.signature.outputs[*output], choice);
    if (!type) return std::move(type).error();
    if (auto refusal = refusal_of_reserved(choice.column); !refusal.empty()) {
      return config_error(choice.where, fmt::format("{}: outputs: {}; write {}: another_name",
                                                    settings.who, refusal, choice.output));
    }
    const bool twice = std::any_of(plans.begin(), plans.end(),
                                   [&](const OutputPlan& p) { return p.column == choice.column; });
    if (twice || available.find(choice.column)) {
      return config_error(
          choice.where,
          fmt::format("{}: outputs: a new name was expected for '{}'; there is a field "
                      "'{}' already; write {}: another_name",
                      settings.who, choice.output, choice.column, choice.output));
    }
    plans.push_back({*output, choice.output, choice.column, std::move(type).value()});
  }
  return plans;
}

}  // namespace thalweg
