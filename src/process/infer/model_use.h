// One model in one infer step: its current version bound to the columns, and one batch's use of it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "model/provider.h"
#include "process/infer/infer_binding.h"
#include "process/infer/infer_run.h"
#include "process/infer/version_bindings.h"

namespace thalweg {

// A version and how its inputs are fed. Both live as long as anybody uses them.
struct BoundVersion {
  std::shared_ptr<const ModelVersion> version;
  std::shared_ptr<const ModelBinding> binding;
};

// The model as the step sees it. Never keeps an old version alive.
//
// The worker's thread only.
class ModelSlot {
 public:
  // `registry` outlives it.
  ModelSlot(std::shared_ptr<ModelHandle> handle, InferSettings settings, Schema available,
            const Registry& registry);
  // Every version must fit from now on; they are bound where they are loaded. Once, before take(). Errors: signature_mismatch,
  // config_invalid.
  [[nodiscard]] Status must_fit();
  // Errors: model_unavailable (no version serves just now).
  [[nodiscard]] Result<std::shared_ptr<const Route>> route() const;
  // Errors: signature_mismatch, config_invalid.
  [[nodiscard]] Result<BoundVersion> bind(std::shared_ptr<const ModelVersion> version) const;
  // The same for all slots of this model.
  [[nodiscard]] const void* owner() const noexcept { return handle_.get(); }

 private:
  std::shared_ptr<ModelHandle> handle_;
  std::shared_ptr<VersionBindings> bindings_;
};

// Features and calls for some rows of a batch. Reused from batch to batch, so that its scratch memory is too.
class ModelUse {
 public:
  // Computes the features; run() is then ready to start. `rows`: rows of the batch, ascending. The columns of the
  // batch must not change before the run has finished.
  void begin(BoundVersion bound, Batch& batch, std::span<const std::uint32_t> rows);
  [[nodiscard]] InferRun& run() noexcept { return run_; }
  [[nodiscard]] const InferRun& run() const noexcept { return run_; }
  [[nodiscard]] const BoundVersion& bound() const noexcept { return bound_; }
  // The row of the batch behind a row of the run.
  [[nodiscard]] std::uint32_t batch_row(std::uint32_t row) const noexcept { return rows_[row]; }
  // Calls see(batch row, error) for each row that the features or the model refused. The error may be moved from.
  template <class See>
  void each_refused(See&& see) {
    for (RowFailure& failure : frame_.scratch.failures) see(rows_[failure.row], failure.error);
    for (RowFailure& failure : run_.guilty()) see(rows_[failure.row], failure.error);
  }
  [[nodiscard]] bool refused_any() noexcept {
    return !frame_.scratch.failures.empty() || !run_.guilty().empty();
  }
  [[nodiscard]] std::int64_t features_ns() const noexcept { return features_ns_; }
  // What steps made of the rows, one for each output of the program; null: it is a field as it stands. Empty: there is no program.
  // Valid until the next begin().
  [[nodiscard]] std::span<const Column* const> features() const noexcept { return features_; }
  [[nodiscard]] const Schema* feature_schema() const noexcept {
    const bool made = bound_.binding != nullptr && bound_.binding->program != nullptr;
    return made ? &bound_.binding->program->outputs() : nullptr;
  }
  // Lets go of the version and of the model's memory, keeps the scratch.
  void clear() noexcept;

 private:
  [[nodiscard]] std::span<const Column> compact(const Rows& rows);
  void make_sources(std::span<const Column> columns, Batch& batch);
  void choose_rows();

  BoundVersion bound_;
  std::vector<std::uint32_t> rows_;
  std::vector<Column> compacted_;  // the columns read, live rows only
  FeatureFrame frame_;
  std::vector<const Column*> sources_;
  std::vector<const Column*> features_;
  std::vector<std::uint8_t> refused_;
  InferRun run_;
  std::int64_t features_ns_ = 0;
};

}  // namespace thalweg
