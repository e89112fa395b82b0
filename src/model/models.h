// The models of a pipeline, loaded when asked for, and shared with the other pipelines of the process.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "thalweg/registry.h"
#include "thalweg/settings.h"

#include "model/load.h"
#include "model/provider.h"

namespace thalweg {

// What is loaded in this process: the same files with the same settings are in memory once. Any thread; two that ask for the same
// wait for one load. Holds nothing alive: a version dies with its last user.
class ModelCache {
 public:
  static ModelCache& process();
  Result<std::shared_ptr<const LoadedVersion>> get(const ModelEntry& entry,
                                                   const Registry& registry);

 private:
  struct Slot {
    std::mutex mutex;
    std::weak_ptr<const LoadedVersion> version;  // guarded by mutex
  };
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Slot>> slots_;  // guarded by mutex_
};

// The `models:` of one pipeline. Any thread.
class Models final : public ModelProvider {
 public:
  // Reads `models`, a map of name → settings (or a path alone); null: no models. Loads nothing. Errors: config_invalid.
  // REQUIRES that registry and cache outlive it.
  static Result<std::unique_ptr<Models>> make(const Node& models, const Registry& registry,
                                              ModelCache& cache = ModelCache::process());

  [[nodiscard]] Result<std::shared_ptr<ModelHandle>> model(std::string_view name) override;
  [[nodiscard]] std::vector<std::string> names() const override;
  // Loads every model; stops at the first error.
  [[nodiscard]] Status load_all();

 private:
  class Handle;
  struct Known {
    ModelEntry entry;
    std::mutex mutex;
    std::shared_ptr<Handle> handle;  // null until loaded. Guarded by mutex
  };

  Models(const Registry& registry, ModelCache& cache) : registry_(registry), cache_(cache) {}

  [[nodiscard]] Result<std::shared_ptr<const Route>> route_of(const ModelEntry& entry);

  const Registry& registry_;
  ModelCache& cache_;
  std::map<std::string, std::unique_ptr<Known>, std::less<>> known_;
};

}  // namespace thalweg
