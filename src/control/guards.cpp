#include "control/guards.h"

#include <algorithm>

#include <fmt/format.h>

#include "control/change.h"
#include "model/fetch.h"

namespace thalweg::control {
namespace {

// The only variant gets a name when it gets a neighbour: the champion is found without his.
const DesiredVariant* find(const DesiredModel& state, const std::string& name, bool champion) {
  const auto it = std::find_if(state.variants.begin(), state.variants.end(),
                               [&](const DesiredVariant& v) { return v.name == name; });
  if (it != state.variants.end()) return &*it;
  return champion || name.empty() ? &state.variants.front() : nullptr;
}

const std::string& unlabelled(const DesiredModel& state, const DesiredVariant& variant) {
  const auto label = state.labels.find(variant.version);
  return label == state.labels.end() ? variant.version : label->second;
}

// Does the state ask for this version? "latest" may stand for it.
bool names(const DesiredModel& state, const DesiredVariant& variant,
           const NowServing::One& version) {
  if (is_uri(variant.version)) return variant.version == version.uri;
  const std::string& wish = unlabelled(state, variant);
  return version.in_folder && (wish == "latest" || wish == std::to_string(version.version));
}

bool names(const DesiredModel& state, const NowServing::One& version) {
  return std::any_of(state.variants.begin(), state.variants.end(),
                     [&](const DesiredVariant& v) { return names(state, v, version); });
}

// Does the wish name the version that served before, whatever happens in the folder? "latest" and labels may stand for the new one by now,
// and a record that only changed something else names the new one too.
bool is_the_one_before(const VersionWish& wish, const GuardVerdict& verdict,
                       const DesiredVariant* now) {
  const NowServing::One& before = verdict.before;
  if (is_uri(wish)) {
    return before.uri.empty() ? now == nullptr || now->version != wish : wish == before.uri;
  }
  return before.in_folder && wish == std::to_string(before.version);
}

// A number means what lies in the folder, and an address of the same number is another version.
VersionWish named(const NowServing::One& version) {
  return version.uri.empty() || version.in_folder ? std::to_string(version.version) : version.uri;
}

// A number that was published anew means its new files alone: what served under it before cannot be asked for any more.
bool is_gone(const GuardVerdict& verdict) {
  const NowServing::One &now = verdict.now, &before = verdict.before;
  return now.in_folder && before.in_folder && now.version == before.version;
}

// The state before, where the present record brought the new version; where the folder did, or an earlier record whose successors have
// changed something else, or that state does not name it, the version that served is named: by its address, or else by its number.
// `active`, where what is wanted is refused here: the epoch that serves instead. What was refused would hold the version before back too,
// so it goes.
Result<std::optional<DesiredModel>> without(const GuardVerdict& verdict, const DesiredModel& now,
                                            const Wanted& wanted,
                                            std::optional<std::int64_t> active) {
  DesiredModel at = now;
  const bool before = wanted.record && wanted.record->before;
  if (active && before && wanted.record->before->epoch == *active)
    at = wanted.record->before->state;
  DesiredModel next = at;
  const DesiredVariant* bad = find(at, verdict.variant, false);
  const bool champion = bad == &at.variants.front();
  // This process may have seen only the last of several records.
  const auto brought = [&](const DesiredModel& earlier) {
    const DesiredVariant* was = find(earlier, verdict.variant, champion);
    return bad == nullptr || was == nullptr || unlabelled(at, *bad) != unlabelled(earlier, *was);
  };
  if (verdict.epoch == wanted.epoch && before && brought(wanted.record->before->state)) {
    auto back = rolled_back(*wanted.record);
    if (!back) return std::move(back).error();
    next = *std::move(back);
    if (is_gone(verdict)) return std::optional(std::move(next));
  }
  if (is_gone(verdict))
    return Error(Code::config_invalid,
                 fmt::format("expected a version to go back to; the files of version {} were "
                             "replaced, and its number means the new ones; publish it anew, or "
                             "name another version",
                             verdict.now.version));
  const DesiredVariant* one = find(next, verdict.variant, champion);
  if (one != nullptr && !is_the_one_before(one->version, verdict, bad)) {
    auto pinned = with_version(next, one->name, named(verdict.before));
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
    models_.push_back({std::move(model), std::move(guard), {}, {}});
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
  count_followed(one, serving.epoch);
  if (one.guard.idle(serving)) return;
  const std::string& name = one.guarded.model->name();
  const Wanted wanted = desk_.look([&](const Board& b) { return b.model(pipeline_, name); });
  serving.rolled_back =
      wanted.record && wanted.epoch == serving.epoch && wanted.record->action == "rollback";
  std::vector<VersionTotals> totals = totals_();
  std::erase_if(totals, [&](const VersionTotals& t) { return t.model != name; });
  if (const auto verdict = one.guard.look(clock_.monotonic(), serving, totals))
    roll_back(one, *verdict, serving, wanted);
}

// A record that no process can follow brings nothing back.
void Guards::count_followed(One& one, std::int64_t epoch) {
  if (!one.written || epoch < *one.written) return;
  if (epoch == *one.written) {
    const std::lock_guard lock(mutex_);
    ++rollbacks_[one.guarded.model->name()];
  }
  one.written.reset();
}

void Guards::roll_back(One& one, const GuardVerdict& verdict, const NowServing& serving,
                       const Wanted& wanted) {
  const std::string& name = one.guarded.model->name();
  ChangeRequest request;
  request.pipeline = pipeline_;
  request.model = name;
  request.action = "rollback";
  request.by = "guard";
  request.why = verdict.why;
  request.file_state = one.guarded.model->file_state();
  const bool newer = wanted.epoch != serving.epoch;
  const bool refused = newer && one.guarded.model->refused(wanted.epoch);
  // The route is about to move away from it. If it never does, the next rounds find that out.
  if (newer && !refused &&
      !names(wanted.record ? wanted.record->state : request.file_state, verdict.now))
    return;
  request.if_epoch = wanted.epoch;
  bool faster = true;
  request.change = [&](const DesiredModel& now, const Wanted& at) {
    faster = false;
    return without(verdict, now, at, refused ? std::optional(serving.epoch) : std::nullopt);
  };
  const auto changed = desk_.change(request);
  if (changed) {
    one.guard.forget(verdict.now);
    if (!changed->written) return;  // another process's rollback, which this one refuses
    one.trouble.clear();
    one.written = changed->epoch;
    news_({ControlNews::Level::warning, "control.guard",
           fmt::format("model '{}': back to {}: {}", name, describe(changed->to), verdict.why)});
    return;
  }
  // Another epoch is current: it is looked at in the next round. What no state can say never comes about.
  const bool settled = changed.error().code() == Code::config_invalid;
  if (settled && !faster) one.guard.forget(verdict.now);
  if (one.trouble == changed.error().message()) return;
  one.trouble = changed.error().message();
  news_({settled ? ControlNews::Level::info : ControlNews::Level::error, "control.guard",
         fmt::format("model '{}': {}; it is not rolled back: {}", name, verdict.why, one.trouble)});
}

}  // namespace thalweg::control
