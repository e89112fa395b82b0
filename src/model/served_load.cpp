// One version of a ServedModel on its way from files to AVAILABLE, or to the reason why not.
#include <algorithm>

#include <fmt/format.h>

#include "model/files.h"
#include "model/served_life.h"

namespace thalweg {
namespace {

constexpr auto load_pause = std::chrono::seconds(10);
constexpr auto others_freed_within = std::chrono::seconds(10);

}  // namespace

// The last reference, wherever it is dropped, only queues the version.
std::shared_ptr<const ModelVersion> ServedModel::Life::adopt(std::unique_ptr<ModelVersion> version,
                                                             const std::string& key,
                                                             std::uint64_t load) {
  const auto free = [queue = reclaim_, life = weak_from_this(), key,
                     load](const ModelVersion* gone) {
    Reclaimer::later(*queue, [gone, life, key, load] {
      delete gone;
      if (const auto alive = life.lock()) alive->freed(key, load);
    });
  };
  return {version.release(), free};
}

Status ServedModel::Life::check_fit(const std::shared_ptr<const ModelVersion>& version) const {
  for (const VersionCheck& check : checks_) {
    if (Status fits = check(version); !fits.ok()) return fits;
  }
  return {};
}

// REQUIRES that its errand has ended.
Result<std::shared_ptr<const ModelVersion>> ServedModel::Life::take_loaded(
    const WishedVersion& version) {
  std::unique_ptr<Errand<std::shared_ptr<const LoadedVersion>>> errand;
  std::uint64_t load = 0;
  {
    const std::lock_guard lock(mutex_);
    Known& known = know_locked(version);
    errand = std::move(known.loading);
    load = known.load;
  }
  auto shared = errand->take();
  if (!shared) return std::move(shared).error();
  auto own = lend(entry_.name, std::move(*shared));
  own->warnings.insert(own->warnings.begin(), version.warnings.begin(), version.warnings.end());
  auto adopted = adopt(std::move(own), version.key(), load);
  if (Status fits = check_fit(adopted); !fits.ok()) return std::move(fits).error();
  return adopted;
}

// What can be known of it without loading: it is asked for while something else serves in its place.
Status ServedModel::Life::check_once(const WishedVersion& version) {
  const std::string now = fingerprint_of(version);
  bool under_way = false;
  {
    const std::lock_guard lock(mutex_);
    Known& known = know_locked(version);
    if (known.checked == now && !now.empty()) return {};
    under_way = known.checking != nullptr;
  }
  if (!under_way) begin_check(version, now);
  if (Status ended =
          wait_for_errand(version, [](const Known& known) { return known.checking->ended(); });
      !ended.ok())
    return ended;
  std::unique_ptr<Errand<std::shared_ptr<const ModelVersion>>> errand;
  std::string of_files;
  {
    const std::lock_guard lock(mutex_);
    Known& known = know_locked(version);
    errand = std::move(known.checking);
    of_files = known.errand_fingerprint;
  }
  auto facts = errand->take();
  Status good = facts.ok() ? check_fit(*facts) : Status(std::move(facts).error());
  if (!good.ok()) {
    fail(version.key(), good.error(), of_files);
    return good;
  }
  const std::lock_guard lock(mutex_);
  know_locked(version).checked = of_files;
  return {};
}

// Variants for as long as it takes: their last batches are done in time, or the watchdog says so. A shadow that hangs never ends.
void ServedModel::Life::wait_until_freed(const std::set<std::string>& variants) {
  const auto unloading = [&](bool variant) {
    return std::any_of(known_.begin(), known_.end(), [&](const auto& item) {
      return variants.contains(item.first) == variant &&
             item.second.status.state == VersionState::unloading;
    });
  };
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return stop_ || !unloading(true); });
  changed_.wait_for(lock, others_freed_within, [&] { return stop_ || !unloading(false); });
}

// What is kept warm for a rollback stays: this load may fail, and then it is wanted most. With `unload: first` all that the wish does not
// name goes where that makes room, and the stream waits until its last batches are done.
void ServedModel::Life::make_room(const WishedVersions& wished) {
  std::vector<std::shared_ptr<const ModelVersion>> dropped;
  std::set<std::string> variants;
  bool waits = false;
  {
    const std::lock_guard lock(mutex_);
    if (takes_a_place_locked(wished)) {
      const auto& serving = before_ ? before_->found : active_.found;
      if (serving) {
        for (const WishedVersion& variant : serving->variants) variants.insert(variant.key());
      }
      auto none = std::make_shared<Route>(*route_.load());
      none->variants.clear();
      none->shadow = nullptr;
      route_.store(std::move(none));
      waits = true;
      dropped = take_locked([&](const std::string& key) { return wished.names(key); },
                            "another version is loaded in its place");
    } else {
      dropped = drop_unwanted_locked(&wished);
    }
  }
  dropped.clear();
  if (!waits) return;
  say(false, "model.unloading", 0,
      "records wait: the old version is freed before the new one is loaded");
  tell();
  wait_until_freed(variants);
}

// Errors: later(), and why it takes no traffic.
Status ServedModel::Life::load(const WishedVersion& version, const WishedVersions& wished) {
  bool under_way = false;
  {
    const std::lock_guard lock(mutex_);
    under_way = know_locked(version).loading != nullptr;
  }
  if (!under_way) {
    make_room(wished);
    if (Status begun = begin_load(version); !begun.ok()) return begun;
  }
  if (Status ended =
          wait_for_errand(version, [](const Known& known) { return known.loading->ended(); });
      !ended.ok())
    return ended;
  auto loaded = take_loaded(version);
  std::string of_files;
  {
    const std::lock_guard lock(mutex_);
    Known& known = know_locked(version);
    of_files = known.errand_fingerprint;
    if (loaded.ok()) {
      known.loaded = *loaded;
      known.fingerprint = of_files;  // what changed since is seen at the next look
      known.error.reset();
      known.told.clear();
      set_state_locked(known, VersionState::available, "");
    }
  }
  if (!loaded) {
    Error error = std::move(loaded).error();
    fail(version.key(), error, of_files);
    return error;
  }
  say(false, "model.available", version.version,
      fmt::format("version {} is loaded and warm", version.version));
  tell();
  return {};
}

// It takes no traffic as long as its files are as they are. What may pass by itself is tried again, after a pause: to load costs.
void ServedModel::Life::fail(const std::string& key, Error error, const std::string& fingerprint) {
  ++failed_loads_;
  tried_.insert(key);
  std::shared_ptr<const ModelVersion> dropped;
  std::int64_t version = 0;
  bool known_reason = false;
  {
    const std::lock_guard lock(mutex_);
    Known& known = known_[key];
    known_reason = known.told == error.message();
    known.told = error.message();
    known.error = error;
    known.again = Clock::now() + load_pause;
    known.failed_fingerprint = fingerprint;
    dropped = std::move(known.loaded);
    known.loaded = nullptr;
    set_state_locked(known, VersionState::end, error.message());
    known.status.failed = true;
    version = known.status.version;
  }
  dropped.reset();
  if (!known_reason) {
    say(true, "model.refused", version,
        fmt::format("version {} takes no traffic: {}", version, error.message()));
  }
  tell();
}

std::string ServedModel::Life::key_of(const std::shared_ptr<const ModelVersion>& version) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [key, known] : known_) {
    if (known.loaded == version) return key;
  }
  return {};
}

std::optional<Error> ServedModel::Life::unfit_in_route(const VersionCheck& check) {
  std::optional<Error> first;
  const auto route = route_.load();
  for (const Variant& variant : route->variants) {
    Status fits = check(variant.version);
    if (fits.ok()) continue;
    if (!first) first = fits.error();
    const std::string key = key_of(variant.version);
    // What is wrong in the pipeline file is not the version's fault: a lower one would be refused for the same.
    const bool its_fault =
        fits.error().code() == Code::signature_mismatch || variant.version->feature_file != nullptr;
    if (!key.empty() && its_fault)
      fail(key, std::move(fits).error(), fingerprint(variant.version->path));
  }
  return first;
}

// Until all that serves suits `check`, or nothing does: "latest" then means the next lower version.
Status ServedModel::Life::fit_route(const VersionCheck& check) {
  std::optional<Error> first;
  for (;;) {
    auto unfit = unfit_in_route(check);
    if (!unfit) return {};
    if (!first) first = std::move(unfit);
    const std::size_t failed_before = tried_.size();
    DesiredModel wish;
    {
      const std::lock_guard lock(mutex_);
      wish = active_.wish;
    }
    checks_.push_back(check);
    auto found = pursue(wish);
    checks_.pop_back();
    if (!found) return *first;
    std::vector<std::shared_ptr<const ModelVersion>> dropped;
    const std::lock_guard lock(mutex_);
    if (found->variants == active_.found->variants && tried_.size() == failed_before) return *first;
    Wish again{active_.wish, active_.epoch, std::move(*found), false};
    move_route_locked(again);
    dropped = drop_unwanted_locked();
  }
}

Status ServedModel::Life::must_fit(VersionCheck check) {
  const std::lock_guard work(work_);
  patient_ = true;  // whoever asks is building a step, and needs what is to serve
  Status fits = fit_route(check);
  patient_ = false;
  if (!fits.ok()) return fits;
  drop_unfit_shadow(check);
  checks_.push_back(std::move(check));
  return {};
}

}  // namespace thalweg
