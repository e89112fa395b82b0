// Taking a version, computing its features, choosing the rows it is asked for.
#include "process/infer/model_use.h"

#include <chrono>

#include <fmt/format.h>

#include "model/warm_up.h"

namespace thalweg {

ModelSlot::ModelSlot(std::shared_ptr<ModelHandle> handle, InferSettings settings, Schema available,
                     const Registry& registry)
    : handle_(std::move(handle)),
      bindings_(
          std::make_shared<VersionBindings>(std::move(settings), std::move(available), registry)) {}

Status ModelSlot::must_fit() {
  return handle_->must_fit(
      [bindings = bindings_](const std::shared_ptr<const ModelVersion>& version) -> Status {
        if (version->loaded == nullptr) return bindings->fits(*version);
        auto bound = bindings->of(version);
        if (!bound) return std::move(bound).error();
        std::vector<std::uint32_t> outputs;
        for (const OutputPlan& plan : (*bound)->outputs) outputs.push_back(plan.output);
        if (outputs.size() == version->signature.outputs.size()) return {};
        return warm_up_for(*version, outputs);
      });
}

Result<std::shared_ptr<const Route>> ModelSlot::route() const {
  auto route = handle_->route();
  if (!route->variants.empty()) return route;
  return Error(Code::model_unavailable,
               fmt::format("model '{}': expected a version that serves; there is none while it "
                           "is changed; the records wait",
                           handle_->name()));
}

Result<BoundVersion> ModelSlot::bind(std::shared_ptr<const ModelVersion> version) const {
  auto binding = bindings_->of(version);
  if (!binding) return std::move(binding).error();
  return BoundVersion{std::move(version), std::move(binding).value()};
}

void ModelUse::begin(BoundVersion bound, Batch& batch, std::span<const std::uint32_t> rows) {
  const auto began = std::chrono::steady_clock::now();
  bound_ = std::move(bound);
  rows_.assign(rows.begin(), rows.end());
  frame_.scratch.failures.clear();
  const Rows& all = batch.rows();
  make_sources(rows_.size() == all.count() ? std::span<const Column>(all.columns) : compact(all),
               batch);
  run_.prepare(*bound_.version, *bound_.binding, sources_);
  choose_rows();
  features_ns_ =
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - began)
          .count();
}

// Features and inputs are computed for the rows asked for only, so these are put together first.
std::span<const Column> ModelUse::compact(const Rows& rows) {
  compacted_.resize(rows.columns.size());
  for (const std::size_t column : bound_.binding->reads) {
    gather_rows(rows.columns[column], rows_, compacted_[column]);
  }
  return compacted_;
}

void ModelUse::make_sources(std::span<const Column> columns, Batch& batch) {
  const ModelBinding& binding = *bound_.binding;
  sources_.clear();
  features_.clear();
  if (binding.program == nullptr) {
    for (const InputPlan& plan : binding.inputs) sources_.push_back(&columns[plan.source]);
    return;
  }
  frame_.scratch.arena = &batch.arena();
  const auto made = binding.program->run(columns, rows_.size(), frame_);
  for (const InputPlan& plan : binding.inputs) sources_.push_back(made[plan.source]);
  // A bare field is a column of the batch, which may move when the answers join it; what steps made stays in the frame.
  for (std::size_t i = 0; i < made.size(); ++i)
    features_.push_back(binding.program->computed(i) ? made[i] : nullptr);
}

// All rows but those a feature step refused.
void ModelUse::choose_rows() {
  const auto count = static_cast<std::uint32_t>(rows_.size());
  const auto& failures = frame_.scratch.failures;
  if (!failures.empty()) refused_.assign(count, 0);
  for (const RowFailure& failure : failures) refused_[failure.row] = 1;
  for (std::uint32_t row = 0; row < count; ++row) {
    if (failures.empty() || refused_[row] == 0) run_.rows().push_back(row);
  }
}

void ModelUse::clear() noexcept {
  run_.clear();
  // The binding stays: the run recognises it, and keeps its good row for as long as it meets the same.
  bound_.version.reset();
}

}  // namespace thalweg
