// `--set a.b.c=value`: puts a value into the tree before it is read.
#pragma once

#include "config/pipeline.h"
#include "config/yaml_reader.h"

namespace thalweg::config {

// Errors name the override ("--set from.topics.3: …"), never a secret value.
[[nodiscard]] Status apply_overrides(Node& root, const Overrides& overrides,
                                     const YamlOptions& options);

}  // namespace thalweg::config
