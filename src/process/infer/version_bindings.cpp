#include "process/infer/version_bindings.h"

#include <algorithm>

#include <fmt/format.h>

namespace thalweg {
namespace {

std::vector<Field> columns_of(const ModelBinding& binding) {
  std::vector<Field> columns;
  for (const OutputPlan& plan : binding.outputs) columns.push_back({plan.column, plan.type});
  return columns;
}

}  // namespace

// REQUIRES mutex_. By owner, not by address: the memory of a version that died may hold the next one.
std::shared_ptr<const ModelBinding> VersionBindings::find(
    const std::shared_ptr<const ModelVersion>& version) {
  const auto it = std::find_if(bound_.begin(), bound_.end(), [&](const Bound& b) {
    return !b.version.owner_before(version) && !version.owner_before(b.version);
  });
  return it == bound_.end() ? nullptr : it->binding;
}

// REQUIRES mutex_.
Status VersionBindings::check_columns(const ModelBinding& binding, const ModelVersion& version) {
  if (columns_.empty() || columns_of(binding) == columns_) return {};
  return signature_error(settings_.where,
                         fmt::format("{}: model '{}' version {}: the same outputs as before were "
                                     "expected; they changed; start the pipeline again to use it",
                                     settings_.who, version.model, version.version));
}

Status VersionBindings::fits(const ModelVersion& version) {
  if (version.signature.inputs.empty() && version.signature.outputs.empty())
    return check_features(version, settings_, available_, registry_);
  auto binding = bind_model(version, settings_, available_, registry_);
  if (!binding) return std::move(binding).error();
  const std::lock_guard lock(mutex_);
  return check_columns(**binding, version);
}

Result<std::shared_ptr<const ModelBinding>> VersionBindings::of(
    const std::shared_ptr<const ModelVersion>& version) {
  {
    const std::lock_guard lock(mutex_);
    if (auto found = find(version)) return found;
  }
  // Without the lock: a worker that looks for another version must not wait for vocabularies to be read.
  auto binding = bind_model(*version, settings_, available_, registry_);
  if (!binding) return std::move(binding).error();

  std::vector<Bound> gone;  // freed after the lock: vocabularies can be large
  const std::lock_guard lock(mutex_);
  if (auto found = find(version)) return found;
  if (columns_.empty()) columns_ = columns_of(**binding);
  if (Status same = check_columns(**binding, *version); !same.ok()) return std::move(same).error();
  const auto dead = std::partition(bound_.begin(), bound_.end(),
                                   [](const Bound& b) { return !b.version.expired(); });
  gone.assign(std::make_move_iterator(dead), std::make_move_iterator(bound_.end()));
  bound_.erase(dead, bound_.end());
  bound_.push_back({version, *binding});
  return binding;
}

}  // namespace thalweg
