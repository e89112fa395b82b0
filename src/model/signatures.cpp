#include "model/signatures.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "thalweg/settings.h"

namespace thalweg {
namespace {

bool first_unknown(const TensorSpec& spec) {
  return spec.unknown_rank || (spec.shape.rank() > 0 && spec.shape.dims[0] == Shape::unknown);
}

// The number all inputs and outputs have as their first dimension; an unknown one agrees with any.
std::optional<std::int64_t> common_first(const Signature& signature) {
  std::optional<std::int64_t> common;
  for (const auto* specs : {&signature.inputs, &signature.outputs}) {
    for (const TensorSpec& spec : *specs) {
      const bool output = specs == &signature.outputs;
      if (output && first_unknown(spec)) continue;
      if (spec.unknown_rank || spec.shape.rank() == 0 || spec.shape.dims[0] < 1)
        return std::nullopt;
      if (common && *common != spec.shape.dims[0]) return std::nullopt;
      common = spec.shape.dims[0];
    }
  }
  return common;
}

Batching read_batching(const Signature& signature) {
  const auto& inputs = signature.inputs;
  if (!inputs.empty() && std::all_of(inputs.begin(), inputs.end(), first_unknown))
    return {BatchDim::dynamic, 0};
  const auto common = common_first(signature);
  const bool deep = std::all_of(inputs.begin(), inputs.end(),
                                [](const TensorSpec& s) { return s.shape.rank() > 1; });
  if (common && (*common == 1 || deep)) return {BatchDim::fixed, *common};
  return {BatchDim::none, 0};
}

std::string list(const std::vector<TensorSpec>& specs) {
  std::string text;
  for (const TensorSpec& spec : specs) text += (text.empty() ? "" : ", ") + spec.to_string();
  return text.empty() ? "nothing" : text;
}

}  // namespace

Result<Signature> choose_signature(std::span<const Signature> signatures,
                                   const std::string& wanted) {
  std::vector<std::string> names;
  for (const Signature& signature : signatures) {
    if (signature.name == (wanted.empty() ? "serving_default" : wanted)) return signature;
    names.push_back(signature.name);
  }
  if (signatures.empty()) {
    return Error(Code::signature_mismatch,
                 "expected a model with a signature; got one without; export it with one");
  }
  if (wanted.empty() && signatures.size() == 1) return signatures.front();
  if (wanted.empty()) {
    return Error(Code::signature_mismatch,
                 "expected a signature 'serving_default', or only one; got " + quoted_list(names) +
                     "; set `signature` to one of these");
  }
  return Error(Code::signature_mismatch,
               "expected a signature '" + wanted + "'; the model has " + quoted_list(names) + "." +
                   did_you_mean(wanted, names) + " Set `signature` to one of these");
}

Result<Batching> find_batching(const Signature& signature, const std::string& setting) {
  Batching batching = read_batching(signature);
  if (setting == "auto") return batching;
  if (setting == "none") return Batching{BatchDim::none, 0};
  const auto refuse = [&](const std::string& why) {
    return Error(Code::signature_mismatch, "batch: " + setting + ": " + why + "; got " +
                                               to_string(signature) +
                                               "; set `batch` to auto or none");
  };
  if (setting == "dynamic") {
    for (const TensorSpec& input : signature.inputs) {
      if (!first_unknown(input)) return refuse("expected inputs whose first dimension is unknown");
    }
    return Batching{BatchDim::dynamic, 0};
  }
  const auto common = common_first(signature);
  if (!common) return refuse("expected inputs and outputs with the same number as first dimension");
  return Batching{BatchDim::fixed, *common};
}

std::string to_string(const Signature& signature) {
  return (signature.name.empty() ? std::string() : signature.name + ": ") + list(signature.inputs) +
         " → " + list(signature.outputs);
}

}  // namespace thalweg
