// The models of a pipeline: its `models:` read, ready to be asked.
#pragma once

#include <memory>

#include "thalweg/registry.h"

#include "config/pipeline.h"
#include "model/models.h"

namespace thalweg {

// Errors: config_invalid. Models are loaded when first asked for. `registry` outlives them.
[[nodiscard]] Result<std::unique_ptr<Models>> models_of(const PipelineFile& file,
                                                        const Registry& registry);

}  // namespace thalweg
