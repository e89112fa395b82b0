// A version loads and warms up on a thread of its own. Code that hangs there cannot be ended, only left behind: then the model's
// own thread goes on with what else is asked for.
#include <fmt/format.h>

#include "model/served_life.h"

namespace thalweg {
namespace {

// What both threads know.
struct Apart {
  std::mutex mutex;
  std::condition_variable changed;
  std::optional<Result<std::shared_ptr<const LoadedVersion>>> result;  // guarded by mutex
  bool left = false;                                                   // guarded by mutex
};

constexpr auto look_every = std::chrono::milliseconds(20);  // whether something else is asked for

}  // namespace

// Waited for as long as it takes, unless it is slow and another wish came, or the process stops.
Result<std::shared_ptr<const LoadedVersion>> ServedModel::Life::load_apart(
    const WishedVersion& version, std::uint64_t load) {
  const auto apart = std::make_shared<Apart>();
  const std::string key = version.key();
  const auto warming = [weak = weak_from_this(), version, load] {
    const auto life = weak.lock();
    if (life == nullptr) return;
    {
      const std::lock_guard lock(life->mutex_);
      Known& known = life->know_locked(version);
      if (known.load != load || known.status.state != VersionState::loading) return;
      life->set_state_locked(known, VersionState::warming, known.status.reason);
    }
    life->tell();
  };
  std::thread thread([apart, weak = weak_from_this(), entry = entry_, &registry = registry_,
                      &cache = cache_, version, key, load, warming] {
    auto result = cache.get(entry, registry, {version.version, version.path}, warming);
    bool left = false;
    {
      const std::lock_guard lock(apart->mutex);
      left = apart->left;
      if (!left) apart->result = std::move(result);
      apart->changed.notify_all();
    }
    if (!left) return;
    if (const auto life = weak.lock()) life->came_too_late(key, load);
  });
  const auto slow_at = Clock::now() + slow_load_;
  bool told = false;
  std::unique_lock lock(apart->mutex);
  while (!apart->result) {
    apart->changed.wait_for(lock, look_every);
    if (apart->result || Clock::now() < slow_at) continue;
    bool leave = false, stopped = false;
    std::string text;
    {
      const std::lock_guard state(mutex_);
      stopped = stop_;
      leave = stop_ || wishes_ != wishes_seen_;
      if (!told) {
        text = fmt::format(
            "it has been loading for {} ms (`slow_load`) and is waited for; another "
            "wish is followed without it",
            slow_load_.count());
        know_locked(version).status.reason = text;
      }
    }
    if (leave) {
      apart->left = true;
      thread.detach();
      if (stopped) return Error(Code::stopped, "the pipeline stops");
      return Error(Code::model_invalid,
                   "expected to load and warm up; it had not within `slow_load` when something "
                   "else was asked for; its thread is left behind, and it is tried again only "
                   "after that has come to an end");
    }
    if (told) continue;
    told = true;
    lock.unlock();
    say(true, "model.slow_load", version.version,
        fmt::format("version {}: {}", version.version, text));
    tell();
    lock.lock();
  }
  lock.unlock();
  thread.join();
  return std::move(*apart->result);
}

// It did end: then it may be tried again, and costs no further thread that hangs.
void ServedModel::Life::came_too_late(const std::string& key, std::uint64_t load) {
  const std::lock_guard lock(mutex_);
  const auto it = known_.find(key);
  if (it == known_.end() || it->second.load != load || it->second.loaded != nullptr) return;
  it->second.error.reset();
  set_state_locked(it->second, VersionState::start, "");
}

}  // namespace thalweg
