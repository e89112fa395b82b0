// Which versions a pipeline's models are to be, for commands that run it beside its processes: the pipeline file's, or those of the control
// records, which win over it, or others that were typed.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "thalweg/registry.h"

#include "config/pipeline.h"
#include "model/desired.h"

namespace thalweg::cli {

// What the control records say, of those models that have one. Nothing is written. Errors: those of the brokers; config_invalid.
[[nodiscard]] Result<std::map<std::string, DesiredModel>> recorded_states(
    const PipelineFile& file, const Registry& registry, std::chrono::milliseconds timeout);

// "fraud@4", or "4" where there is one model. `option` is what it was typed behind. Errors: config_invalid.
struct VersionOfModel {
  std::string model;
  VersionWish version;
};
[[nodiscard]] Result<VersionOfModel> parse_version_of(const std::string& option,
                                                      const std::string& text,
                                                      const PipelineFile& file);

// The pipeline with these states in place of what its file says. Errors: config_invalid.
[[nodiscard]] Result<PipelineFile> with_states(const PipelineFile& file,
                                               const std::map<std::string, DesiredModel>& states);

}  // namespace thalweg::cli
