// One version of a model: found, loaded, checked, warm. Shared by every pipeline of the process that asks for the same.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "thalweg/registry.h"
#include "thalweg/settings.h"

#include "model/provider.h"

namespace thalweg {

// An entry of `models:`, checked.
struct ModelEntry {
  std::string name;
  Node node;                          // a map
  Values values;                      // by model_section()
  const RuntimeKind* kind = nullptr;  // null: found by the files
};

// Errors: config_invalid.
[[nodiscard]] Result<ModelEntry> read_entry(const std::string& name, const Node& node,
                                            const Registry& registry);

// Everything about a loaded version but the name a pipeline gives it.
struct LoadedVersion {
  std::shared_ptr<LoadedModel> loaded;
  ModelVersion facts;  // `loaded` and `model` in it are empty
};

// Loads a version, whatever is loaded already. Blocks for as long as loading and warm-up take.
[[nodiscard]] Result<std::shared_ptr<const LoadedVersion>> load_version(const ModelEntry& entry,
                                                                        const Registry& registry);

}  // namespace thalweg
