// The outputs of a signature against the columns they become. A part of bind_model.
#pragma once

#include <vector>

#include "process/infer/infer_binding.h"

namespace thalweg {

[[nodiscard]] Result<std::vector<OutputPlan>> bind_outputs(const ModelVersion& version,
                                                           const InferSettings& settings,
                                                           const Schema& available);

}  // namespace thalweg
