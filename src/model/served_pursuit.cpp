// From a wish to a route: what it means is loaded, and what is wanted by now takes the place of what served.
#include <algorithm>

#include <fmt/format.h>

#include "model/served_life.h"

namespace thalweg {

// Until all variants of the wish are loaded, or it means nothing that loads: then the next lower version is what "latest" means.
// Unless it may unload, what takes the place of something that serves is only checked.
Result<WishedVersions> ServedModel::Life::pursue(const DesiredModel& wish, bool may_unload) {
  for (;;) {
    auto wished = resolve(wish);
    if (!wished) return wished;
    std::vector<const WishedVersion*> missing;
    bool takes_a_place = false;
    {
      const std::lock_guard lock(mutex_);
      for (const WishedVersion& version : wished->variants) {
        if (loaded_locked(version.key()) == nullptr) missing.push_back(&version);
      }
      takes_a_place = takes_a_place_locked(*wished);
    }
    if (missing.empty()) return wished;
    bool checked = true;  // before anything that serves is let go
    for (const WishedVersion* version : missing) {
      if (tried_.contains(version->key())) return *known_failure(version->key());
      if (!checked || !takes_a_place) continue;
      Status good = check_once(*version);
      checked = good.ok();
      if (!checked && is_later(good.error())) return std::move(good).error();
    }
    if (!checked) continue;
    if (takes_a_place && !may_unload) return wished;
    if (Status all = load_missing(missing, *wished); !all.ok()) return std::move(all).error();
  }
}

// As far as they load: one that fails ends it, since the wish may mean others then. Errors: later().
Status ServedModel::Life::load_missing(const std::vector<const WishedVersion*>& missing,
                                       const WishedVersions& wished) {
  Status all;
  for (const WishedVersion* version : missing) {
    {
      const std::lock_guard lock(mutex_);
      if (loaded_locked(version->key()) != nullptr) continue;  // two variants may be one version
    }
    Status loaded = load(*version, wished);
    if (loaded.ok()) continue;
    if (!is_later(loaded.error())) return {};
    all = std::move(loaded);
  }
  return all;
}

// With `unload: first` the route was emptied for a version that then failed: what served is loaded again.
void ServedModel::Life::serve_again() {
  Wish active;
  {
    const std::lock_guard lock(mutex_);
    if (!serving_ || !route_.load()->variants.empty() || !active_.found) return;
    active = active_;
  }
  bool all = true;
  for (const WishedVersion& version : active.found->variants) {
    {
      const std::lock_guard lock(mutex_);
      if (loaded_locked(version.key()) != nullptr) continue;
    }
    all = load(version, *active.found).ok() && all;
  }
  if (!all) return;
  const std::lock_guard lock(mutex_);
  if (variants_loaded_locked(*active.found) && active_.epoch == active.epoch)
    move_route_locked(active);
}

void ServedModel::Life::pursue_next() {
  std::optional<Wish> next;
  bool waits_for_activation = false;
  {
    const std::lock_guard lock(mutex_);
    next = next_;
    waits_for_activation = controlled_ && serving_;
  }
  if (!next) return;
  auto found = pursue(next->wish, !waits_for_activation);
  std::vector<std::shared_ptr<const ModelVersion>> dropped;
  std::string text;
  std::int64_t version = 0;
  bool refused_anew = false;
  {
    const std::lock_guard lock(mutex_);
    if (!next_ || next_->epoch != next->epoch) return;  // another one came meanwhile
    next_->loads = !found && is_later(found.error());
    if (next_->loads) return;
    if (!found) {
      Error error = at_entry(entry_, found.error());
      refused_anew = !next_->refusal || next_->refusal->message() != error.message();
      next_->refusal = std::move(error);
      next_->found.reset();
      text = next_->refusal->message();
    } else {
      next_->found = std::move(*found);
      next_->refusal.reset();
      next_->unloads = !variants_loaded_locked(*next_->found);
      if (!next_->unloads && (!controlled_ || !serving_)) {
        Wish wish = std::move(*next_);
        next_.reset();
        move_route_locked(wish);
        dropped = drop_unwanted_locked();
        version = active_.found->variants.front().version;
        text = fmt::format("version {} serves", version);
      }
    }
  }
  if (refused_anew) {
    say(true, "model.wish_refused", 0,
        "what is asked for cannot serve, so nothing changes: " + text);
  } else if (version != 0 || (found.ok() && !text.empty())) {
    say(false, "model.activated", version, text);
  }
  dropped.clear();
  if (!found) serve_again();
  tell();
}

// With `unload: first`: what was activated cannot be loaded. What served is wanted again, and the new wish waits with its reason.
void ServedModel::Life::give_up_activation(const Error& why) {
  const Error error = at_entry(entry_, why);
  {
    const std::lock_guard lock(mutex_);
    if (!before_) return;
    if (!next_) {
      next_ = std::move(active_);
      next_->found.reset();
      next_->refusal = error;
    }
    active_ = std::move(*before_);
    before_.reset();
  }
  say(true, "model.wish_refused", 0,
      "what is asked for cannot serve, so what served is loaded again: " + error.message());
}

// "latest" may mean another version by now.
void ServedModel::Life::follow_active() {
  Wish active;
  {
    const std::lock_guard lock(mutex_);
    if (!serving_) return;
    // With `unload: first`: it has left its place to the next wish, which is being loaded there.
    if (next_ && next_->loads && route_.load()->variants.empty()) return;
    active = active_;
  }
  auto found = pursue(active.wish);
  if (!found) {
    if (is_later(found.error())) return;
    give_up_activation(found.error());
    serve_again();
    return;
  }
  std::vector<std::shared_ptr<const ModelVersion>> dropped;
  std::int64_t version = 0;
  {
    const std::lock_guard lock(mutex_);
    if (active_.epoch != active.epoch || !variants_loaded_locked(*found)) return;
    before_.reset();
    if (!found->shadow && active_.found)
      found->shadow = active_.found->shadow;  // see refuse_shadow
    if (active_.found && active_.found->variants == found->variants && routed_locked(*found))
      return;
    Wish moved{active_.wish, active_.epoch, std::move(*found), false};
    move_route_locked(moved);
    dropped = drop_unwanted_locked();
    version = active_.found->variants.front().version;
  }
  say(false, "model.activated", version, fmt::format("version {} serves", version));
  dropped.clear();
  tell();
}

}  // namespace thalweg
