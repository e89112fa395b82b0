// What is loaded in this process: the same files with the same settings are in memory once, whoever asks for them.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "thalweg/registry.h"

#include "model/load.h"

namespace thalweg {

// Any thread; two that ask for the same wait for one load. Holds nothing alive: a version dies with its last user.
class ModelCache {
 public:
  static ModelCache& process();
  // `loaded`, `before`: see load_version(); not called for what is there already.
  Result<std::shared_ptr<const LoadedVersion>> get(const ModelEntry& entry,
                                                   const Registry& registry,
                                                   const VersionFiles& files,
                                                   const std::function<void()>& loaded = {},
                                                   const std::vector<BatchCost>& before = {});

 private:
  struct Slot {
    std::mutex mutex;
    std::weak_ptr<const LoadedVersion> version;  // guarded by mutex
  };
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Slot>> slots_;  // guarded by mutex_
};

// A shared version as one pipeline has it, under the pipeline's own name for it.
[[nodiscard]] std::unique_ptr<ModelVersion> lend(const std::string& name,
                                                 std::shared_ptr<const LoadedVersion> shared);

}  // namespace thalweg
