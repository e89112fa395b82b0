// The shadow of a ServedModel: loaded behind what answers, and nothing that answers waits for it or depends on whether it works.
#include "model/files.h"
#include "model/served_life.h"

namespace thalweg {

// Until what the wish means by its shadow is loaded, or it means nothing that loads.
Result<WishedVersion> ServedModel::Life::pursue_shadow(const Wish& active) {
  for (;;) {
    auto version = resolve_one(active.wish.shadow->version, active.wish);
    if (!version) return version;
    {
      const std::lock_guard lock(mutex_);
      if (loaded_locked(version->key()) != nullptr) return version;
    }
    if (tried_.contains(version->key())) return *known_failure(version->key());
    WishedVersions beside = *active.found;  // nothing that answers goes for it
    beside.shadow = *version;
    if (Status loaded = load(*version, beside); !loaded.ok() && is_later(loaded.error()))
      return std::move(loaded).error();
  }
}

void ServedModel::Life::follow_shadow() {
  Wish active;
  {
    const std::lock_guard lock(mutex_);
    // While the place of what answers is being changed there is no room.
    if (!serving_ || before_ || route_.load()->variants.empty()) return;
    active = active_;
  }
  if (!active.wish.shadow) return;
  auto found = pursue_shadow(active);
  if (!found) {
    if (!is_later(found.error())) refuse_shadow(found.error());
    return;
  }
  std::vector<std::shared_ptr<const ModelVersion>> dropped;
  {
    const std::lock_guard lock(mutex_);
    const auto version = loaded_locked(found->key());
    if (version == nullptr || active_.epoch != active.epoch ||
        active_.wish.shadow != active.wish.shadow)
      return;
    shadow_refusal_.reset();
    active_.found->shadow = std::move(*found);
    const auto now = route_.load();
    if (now->shadow == version) return;
    auto route = std::make_shared<Route>(*now);
    set_shadow_locked(*route, active_);
    route_.store(std::move(route));
    dropped = drop_unwanted_locked();
  }
  dropped.clear();
  tell();
}

// One that watches already goes on, as what answers does when its folder is removed.
void ServedModel::Life::refuse_shadow(const Error& why) {
  const Error error = at_entry(entry_, why);
  {
    const std::lock_guard lock(mutex_);
    if (route_.load()->shadow != nullptr) return;
    if (shadow_refusal_ && shadow_refusal_->message() == error.message()) return;
    shadow_refusal_ = error;
  }
  say(true, "model.shadow_refused", 0,
      "the shadow that is asked for sees no rows, and what answers is not touched by that: " +
          error.message());
  tell();
}

// The steps are built for what answers. A shadow that they cannot feed is no reason not to.
void ServedModel::Life::drop_unfit_shadow(const VersionCheck& check) {
  const auto shadow = route_.load()->shadow;
  if (shadow == nullptr) return;
  Status fits = check(shadow);
  if (fits.ok()) return;
  const std::string key = key_of(shadow);
  {
    const std::lock_guard lock(mutex_);
    auto route = std::make_shared<Route>(*route_.load());
    if (route->shadow != shadow) return;  // it was changed meanwhile
    route->shadow = nullptr;
    route_.store(std::move(route));
  }
  const Error why = std::move(fits).error();
  if (!key.empty()) fail(key, why, fingerprint(shadow->path));
  refuse_shadow(why);
}

ShadowStatus ServedModel::Life::shadow() const {
  const std::lock_guard lock(mutex_);
  ShadowStatus status;
  status.wanted = serving_ && active_.wish.shadow.has_value();
  status.watches = status.wanted && route_.load()->shadow != nullptr;
  if (status.wanted && !status.watches) status.refusal = shadow_refusal_;
  return status;
}

}  // namespace thalweg
