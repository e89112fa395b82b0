// Loads and checks of versions, on threads of their own: what hangs there cannot be ended. A turn waits for `slow_load`; then the errand goes
// on by itself, and each later turn that still wants it looks whether it has ended.
#include <fmt/format.h>

#include "model/files.h"
#include "model/own_entry.h"
#include "model/served_life.h"

namespace thalweg {

// `if_set`: where somebody waits for it in this turn, that is not to make another turn.
std::function<void()> ServedModel::Life::woken_by_errand(
    std::shared_ptr<const std::atomic<bool>> if_set) {
  return [weak = weak_from_this(), if_set = std::move(if_set)] {
    const auto life = weak.lock();
    if (life == nullptr) return;
    {
      const std::lock_guard lock(life->mutex_);
      if (if_set == nullptr || if_set->load()) life->wake_ = true;
    }
    life->changed_.notify_all();
  };
}

// Of the folder's as the look of this turn saw them: to look again could hang.
std::string ServedModel::Life::fingerprint_of(const WishedVersion& version) const {
  if (version.path.empty()) return {};
  {
    const std::lock_guard lock(mutex_);
    const auto it = known_.find(version.key());
    if (it != known_.end() && it->second.on_disk) return it->second.on_disk_fingerprint;
  }
  return fingerprint(version.path);
}

Status ServedModel::Life::begin_load(const WishedVersion& version) {
  const std::string now = fingerprint_of(version);
  const auto own = std::make_shared<const OwnEntry>(entry_, registry_);
  const auto serving = route_.load();
  std::vector<BatchCost> before;
  if (!serving->variants.empty()) before = serving->variants.front().version->costs;
  {
    const std::lock_guard lock(mutex_);
    if (stop_) return later();
    Known& known = know_locked(version);
    const std::uint64_t load = known.load = ++loads_;
    known.fingerprint = known.errand_fingerprint = now;
    known.slow_at = Clock::now() + slow_load_;
    known.slow_told = false;
    set_state_locked(known, VersionState::loading, "");
    const auto warming = [weak = weak_from_this(), version, load] {
      const auto life = weak.lock();
      if (life == nullptr) return;
      {
        const std::lock_guard state(life->mutex_);
        Known& one = life->know_locked(version);
        if (one.load != load || one.status.state != VersionState::loading) return;
        life->set_state_locked(one, VersionState::warming, one.status.reason);
      }
      life->tell();
    };
    known.loading = std::make_unique<Errand<std::shared_ptr<const LoadedVersion>>>(
        [own, files = VersionFiles{version.version, version.path}, use = version.use,
         &cache = cache_, warming, before = std::move(before)] {
          return cache.get(own->entry, own->registry, files, warming, before);
        },
        woken_by_errand());
  }
  tell();
  return {};
}

void ServedModel::Life::begin_check(const WishedVersion& version, std::string fingerprint) {
  const auto own = std::make_shared<const OwnEntry>(entry_, registry_);
  const std::lock_guard lock(mutex_);
  Known& known = know_locked(version);
  known.fingerprint = known.errand_fingerprint = std::move(fingerprint);
  known.slow_at = Clock::now() + slow_load_;
  known.slow_told = false;
  known.checking = std::make_unique<Errand<std::shared_ptr<const ModelVersion>>>(
      [own, files = VersionFiles{version.version, version.path}, use = version.use] {
        return check_files(own->entry, own->registry, files);
      },
      woken_by_errand());
}

// Until it has ended. Errors: later().
Status ServedModel::Life::wait_for_errand(const WishedVersion& version,
                                          const std::function<bool(const Known&)>& ended) {
  std::unique_lock lock(mutex_);
  Known& known = know_locked(version);
  const auto over = [&] { return stop_ || ended(known); };
  if (!changed_.wait_until(lock, known.slow_at, over)) {
    lock.unlock();
    say_slow(version);
    if (!patient_) awaited_.insert(version.key());
    lock.lock();
    if (patient_) changed_.wait(lock, over);
  }
  return !stop_ && ended(known) ? Status() : Status(later());
}

void ServedModel::Life::say_slow(const WishedVersion& version) {
  std::string text;
  {
    const std::lock_guard lock(mutex_);
    Known& known = know_locked(version);
    if (known.slow_told) return;
    known.slow_told = true;
    text = fmt::format(
        "it has been loading for {} ms (`slow_load`) and is waited for; what else is asked for is "
        "followed without it",
        slow_load_.count());
    known.status.reason = text;
  }
  say(true, "model.slow_load", version.version,
      fmt::format("version {}: {}", version.version, text));
  tell();
}

// Those that have ended and that no wish wanted in this turn: something else took their place.
void ServedModel::Life::drop_unwanted_errands() {
  std::vector<std::unique_ptr<Errand<std::shared_ptr<const LoadedVersion>>>> loads;
  std::vector<std::unique_ptr<Errand<std::shared_ptr<const ModelVersion>>>> checks;
  {
    const std::lock_guard lock(mutex_);
    for (auto& [key, known] : known_) {
      if (awaited_.contains(key)) continue;
      if (known.checking && known.checking->ended()) checks.push_back(std::move(known.checking));
      if (!known.loading || !known.loading->ended()) continue;
      loads.push_back(std::move(known.loading));
      set_state_locked(known, VersionState::start, "");
    }
  }
  if (!loads.empty()) tell();
}

}  // namespace thalweg
