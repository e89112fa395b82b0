// Changes to a pipeline as it was read, for commands that run it in another way than `thalweg run`.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "thalweg/error.h"
#include "thalweg/settings.h"

#include "config/pipeline.h"

namespace thalweg::cli {

// The map without this key; the others keep their places in the file.
[[nodiscard]] Node without(const Node& map, std::string_view key);
// The pipeline with another tree, read again. Errors: config_invalid.
[[nodiscard]] Result<PipelineFile> with_root(const PipelineFile& file, Node root);
// Without the models' shadows: nobody would see what they say.
[[nodiscard]] Result<PipelineFile> without_shadows(PipelineFile file);

}  // namespace thalweg::cli
