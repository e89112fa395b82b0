// A version tried in the pipeline that is to use it, before it appears in its model's folder.
#pragma once

#include <string>

#include "thalweg/registry.h"

#include "config/pipeline.h"
#include "model/publish.h"

namespace thalweg {

// Where new versions of this model appear: its `path`. Errors: config_invalid (no such model, no path, or a path that is one version).
[[nodiscard]] Result<std::string> base_of(const PipelineFile& file, const std::string& model,
                                          const Registry& registry);

// Loads the pipeline's models and lets the version in `folder` take the model's place: it loads, warms up, reproduces its golden rows,
// every step can feed it, and its outputs are those of the version that serves now, if one does. Nothing of a running process changes.
// Blocks for as long as that takes. Errors: those of loading and binding.
[[nodiscard]] Result<TriedVersion> try_in_pipeline(const PipelineFile& file,
                                                   const std::string& model,
                                                   const std::string& folder,
                                                   const Registry& registry);

}  // namespace thalweg
