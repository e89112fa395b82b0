// The models of a pipeline as the controller steers them.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "thalweg/registry.h"

#include "config/pipeline.h"
#include "control/guards.h"
#include "model/models.h"

namespace thalweg {

// Loads nothing. `models` outlives them.
[[nodiscard]] std::vector<std::unique_ptr<control::ControlledModel>> controlled_models(
    Models& models);
// Those whose entry has `guards` that limit something.
[[nodiscard]] bool any_guarded(const Models& models);
[[nodiscard]] std::vector<control::GuardedModel> guarded_models(const Models& models,
                                                                const control::Controller& steered);

// What the pipeline file says of each of its models; nothing is loaded. Errors: config_invalid.
[[nodiscard]] Result<std::map<std::string, DesiredModel>> file_states(const PipelineFile& file,
                                                                      const Registry& registry);

}  // namespace thalweg
