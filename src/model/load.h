// One version of a model: found, loaded, checked, warm. Shared by every pipeline of the process that asks for the same.
#pragma once

#include <cstdint>
#include <functional>
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

// Where a version is. A runtime that needs no files has no path.
struct VersionFiles {
  std::int64_t version = 0;
  std::string path;
};

// Everything about a loaded version but the name a pipeline gives it.
struct LoadedVersion {
  std::shared_ptr<LoadedModel> loaded;
  ModelVersion facts;  // `loaded` and `model` in it are empty
};

// Does the entry's runtime (or any, if it names none) know this folder or file by itself?
[[nodiscard]] bool recognised(const ModelEntry& entry, const Registry& registry,
                              const std::string& path);

// Checks, loads, warms a version and lets it answer its golden rows, whatever is loaded already. Blocks for as long as that takes.
// `loaded`: called between loading and warming. `before`: what the rows of the version cost that serves meanwhile, see WarmUpPlan. Files that
// change meanwhile are an error.
// Errors: model_invalid, model_failed, signature_mismatch, config_invalid, runtime_missing, …
[[nodiscard]] Result<std::shared_ptr<const LoadedVersion>> load_version(
    const ModelEntry& entry, const Registry& registry, const VersionFiles& files,
    const std::function<void()>& loaded = {}, const std::vector<BatchCost>& before = {});

// What can be known of a version without loading it: its runtime is there, its settings are that runtime's, its files are those of its
// manifest, its features can be read, its signature is one that can be called. A SavedModel's file tells the signature, and so may a manifest of the same
// runtime; else the facts' is without inputs and outputs. `loaded` is null. Reads all bytes where there is a manifest. Errors: as load_version().
[[nodiscard]] Result<std::shared_ptr<const ModelVersion>> check_files(const ModelEntry& entry,
                                                                      const Registry& registry,
                                                                      const VersionFiles& files);

// The entry's place and the model's name in front of an error; what has its place already stays as it is.
[[nodiscard]] Error at_entry(const ModelEntry& entry, Error error);

}  // namespace thalweg
