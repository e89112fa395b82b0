// The versions of one model bound to one step's columns: made where a version is loaded, found by the worker that takes it.
//
// Binding reads a version's vocabularies, which is too slow for a worker in the middle of a stream; so the thread that loads binds too,
// and what it cannot bind never serves. The first version decides which columns there are, since later steps and outputs were
// built on these; all others must make the same.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "model/provider.h"
#include "process/infer/infer_binding.h"

namespace thalweg {

// Any thread. Keeps no version alive.
class VersionBindings {
 public:
  // `registry` outlives it.
  VersionBindings(InferSettings settings, Schema available, const Registry& registry)
      : settings_(std::move(settings)), available_(std::move(available)), registry_(registry) {}
  // The binding made before, or a new one. Errors: signature_mismatch, config_invalid.
  [[nodiscard]] Result<std::shared_ptr<const ModelBinding>> of(
      const std::shared_ptr<const ModelVersion>& version);
  // Would one that is not loaded fit, as far as its files tell? Keeps nothing of it. Errors: as of().
  [[nodiscard]] Status fits(const ModelVersion& version);

 private:
  struct Bound {
    std::weak_ptr<const ModelVersion> version;
    std::shared_ptr<const ModelBinding> binding;
  };
  [[nodiscard]] std::shared_ptr<const ModelBinding> find(
      const std::shared_ptr<const ModelVersion>& version);
  [[nodiscard]] Status check_columns(const ModelBinding& binding, const ModelVersion& version);

  const InferSettings settings_;
  const Schema available_;
  const Registry& registry_;
  std::mutex mutex_;
  std::vector<Bound> bound_;    // guarded by mutex_
  std::vector<Field> columns_;  // what the first version made; guarded by mutex_
};

}  // namespace thalweg
