#include "control/guards.h"

#include <algorithm>

#include <fmt/format.h>

#include "control/change.h"

namespace thalweg::control {
namespace {

// The state before, where a record brought the new version; where the folder did, that version is named instead. A name that may stand
// for the new version by now ("latest", a label) becomes the number of the one before.
Result<std::optional<DesiredModel>> without(const GuardVerdict& verdict, const DesiredModel& now,
                                            const Wanted& wanted) {
  DesiredModel next = now;
  if (verdict.by_epoch && wanted.record && wanted.record->before) {
    auto back = rolled_back(*wanted.record);
    if (!back) return std::move(back).error();
    next = *std::move(back);
  }
  const bool named =
      std::any_of(next.variants.begin(), next.variants.end(),
                  [&](const DesiredVariant& v) { return v.name == verdict.variant; });
  if (named) {
    auto pinned = with_version(std::move(next), verdict.variant, std::to_string(verdict.before));
    if (!pinned) return std::move(pinned).error();
    next = *std::move(pinned);
  }
  return std::optional(std::move(next));
}

}  // namespace

Guards::Guards(std::string pipeline, Desk& desk, const Clock& clock,
               std::vector<GuardedModel> models, Totals totals,
               std::function<void(const ControlNews&)> news)
    : pipeline_(std::move(pipeline)),
      desk_(desk),
      clock_(clock),
      totals_(std::move(totals)),
      news_(std::move(news)) {
  for (GuardedModel& model : models) {
    Guard guard(model.limits);
    models_.push_back({std::move(model), std::move(guard), {}});
  }
}

void Guards::round() {
  for (One& one : models_) look(one);
}

std::uint64_t Guards::rollbacks(std::string_view model) const {
  const std::lock_guard lock(mutex_);
  const auto it = rollbacks_.find(model);
  return it == rollbacks_.end() ? 0 : it->second;
}

void Guards::look(One& one) {
  NowServing serving = one.guarded.serving();
  if (one.guard.idle(serving)) return;
  const std::string& name = one.guarded.model->name();
  const Wanted wanted = desk_.look([&](const Board& b) { return b.model(pipeline_, name); });
  serving.rolled_back =
      wanted.record && wanted.epoch == serving.epoch && wanted.record->action == "rollback";
  std::vector<VersionTotals> totals = totals_();
  std::erase_if(totals, [&](const VersionTotals& t) { return t.model != name; });
  if (const auto verdict = one.guard.look(clock_.monotonic(), serving, totals))
    roll_back(one, *verdict, serving);
}

void Guards::roll_back(One& one, const GuardVerdict& verdict, const NowServing& serving) {
  const std::string& name = one.guarded.model->name();
  ChangeRequest request;
  request.pipeline = pipeline_;
  request.model = name;
  request.action = "rollback";
  request.by = "guard";
  request.why = verdict.why;
  request.if_epoch = serving.epoch;
  request.file_state = one.guarded.model->file_state();
  request.change = [&](const DesiredModel& now, const Wanted& wanted) {
    return without(verdict, now, wanted);
  };
  const auto changed = desk_.change(request);
  if (changed) {
    one.guard.forget(verdict.version);
    one.trouble.clear();
    {
      const std::lock_guard lock(mutex_);
      ++rollbacks_[name];
    }
    news_({ControlNews::Level::warning, "control.guard",
           fmt::format("model '{}': back to {}: {}", name, describe(changed->to), verdict.why)});
    return;
  }
  // Another epoch is current: somebody acted already, or the route is about to move anyway.
  const bool settled = changed.error().code() == Code::config_invalid;
  if (settled) one.guard.forget(verdict.version);
  if (one.trouble == changed.error().message()) return;
  one.trouble = changed.error().message();
  news_({settled ? ControlNews::Level::info : ControlNews::Level::error, "control.guard",
         fmt::format("model '{}': {}; it is not rolled back: {}", name, verdict.why, one.trouble)});
}

}  // namespace thalweg::control
