// The models of a pipeline as the controller steers them.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "thalweg/registry.h"

#include "config/pipeline.h"
#include "control/guards.h"
#include "model/models.h"
#include "run/chain.h"

namespace thalweg {

// Whether the steps of the pipeline can follow a state; what a version must suit they judge where it is loaded. Empty until they are built.
using StateCheck = std::function<Status(const std::string& model, const DesiredModel& state)>;

// Of this chain's steps, which outlive it.
[[nodiscard]] StateCheck state_check_of(const Chain& chain);

// Loads nothing. `models` outlives them. `check` may be filled until a thread prepares something.
[[nodiscard]] std::vector<std::unique_ptr<control::ControlledModel>> controlled_models(
    Models& models, std::shared_ptr<const StateCheck> check);
// Those whose entry has `guards` that limit something.
[[nodiscard]] bool any_guarded(const Models& models);
[[nodiscard]] std::vector<control::GuardedModel> guarded_models(const Models& models,
                                                                const control::Controller& steered);

// What the pipeline file says of each of its models; nothing is loaded. Errors: config_invalid.
[[nodiscard]] Result<std::map<std::string, DesiredModel>> file_states(const PipelineFile& file,
                                                                      const Registry& registry);

}  // namespace thalweg
