// The process's models: what `infer` asks for a version, and what the registry of models keeps.
//
// A ModelHandle is one named model of the pipeline file; its route (which version answers which rows) is taken once per batch, under
// a short lock. The versions stay alive while any batch still uses them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "thalweg/model.h"

#include "feature/program.h"
#include "model/route.h"
#include "model/version_status.h"

namespace thalweg {

struct Manifest;

// Cost measured at warm-up.
struct BatchCost {
  std::size_t rows = 0;
  double cpu_us_per_row = 0;
  double wall_us_per_row = 0;
};

// One version of a model, loaded, checked and warm. Const and shared by all workers.
struct ModelVersion {
  std::string model;  // name in the pipeline file
  std::int64_t version = 0;
  std::string runtime;
  std::string path;
  Signature signature;  // the one chosen
  BatchDim batch_dim = BatchDim::dynamic;
  std::int64_t fixed_rows = 0;  // BatchDim::fixed only
  std::size_t rows_max =
      0;  // rows per call; 0: no bound (pinned by setting, or by the warm-up's finding)
  std::unique_ptr<LoadedModel> loaded;
  // The version's own features; null if it has none (or the pipeline file brings them).
  std::shared_ptr<const FeatureFile> feature_file;
  std::vector<BatchCost> costs;  // filled by warm-up
  std::vector<std::string>
      warnings;  // what loading and warm-up had to say; whole sentences, to be logged once
  std::shared_ptr<const Manifest> manifest;  // null: it has none
  std::int64_t golden_rows = 0;              // of the manifest, reproduced when it was loaded
  // Its manifest's hash; without one, the hash of its files' names, sizes and times. Empty: it has no files.
  std::string content;

  // What tells it from another version of its number: an address may bring one, and a number may be published anew.
  [[nodiscard]] const std::string& identity() const noexcept {
    return content.empty() ? path : content;
  }
};

// Does this version suit whoever uses the model? The reason, if not. Also asked of one that is not loaded yet, whose `loaded` is null and whose signature
// may be empty: then what can be told is told.
using VersionCheck = std::function<Status(const std::shared_ptr<const ModelVersion>&)>;

class ModelHandle {
 public:
  virtual ~ModelHandle() = default;
  [[nodiscard]] virtual const std::string& name() const noexcept = 0;
  // Any thread. Never null after the provider said ok.
  [[nodiscard]] virtual std::shared_ptr<const Route> route() const noexcept = 0;
  // The version that takes most of what nobody routes elsewhere: the first variant's. Null while none serves.
  [[nodiscard]] std::shared_ptr<const ModelVersion> current() const noexcept {
    const auto now = route();
    return now->variants.empty() ? nullptr : now->variants.front().version;
  }
  // `check` judges the version that serves (a wish for "latest" then takes the next lower one if it must) and every later one before it
  // takes rows: on the thread that loads, one check at a time. So a step binds versions there and not on the worker's thread. `check`
  // must own all it uses. Errors: those of `check`, when no version suits. Any thread; may block while it loads another.
  [[nodiscard]] virtual Status must_fit(VersionCheck check) { return check(current()); }
};

class ModelProvider {
 public:
  virtual ~ModelProvider() = default;
  // The model of that name, loaded if it is not yet. Errors: config_invalid (no such name, with a suggestion), model_missing,
  // model_invalid, signature_mismatch, runtime_missing. Blocks while loading.
  [[nodiscard]] virtual Result<std::shared_ptr<ModelHandle>> model(std::string_view name) = 0;
  [[nodiscard]] virtual std::vector<std::string> names() const = 0;
  // All versions of all models that were asked for, with their states. Any thread.
  [[nodiscard]] virtual std::vector<VersionStatus> versions() const { return {}; }
};

}  // namespace thalweg
