// What lies in the folder of a ServedModel: looked at in each turn, said where it is half or was written over.
#include <algorithm>

#include <fmt/format.h>

#include "model/served_life.h"

namespace thalweg {

void ServedModel::Life::look() {
  if (!entry_.values.has("path")) return;
  auto versions = folder_.look();
  const Status before = look_error_;
  look_error_ = versions ? Status() : Status(versions.error());
  if (!versions) {
    // What serves goes on serving: a network drive that is away for a moment is no reason to change anything.
    if (before.ok() || before.error().message() != look_error_.error().message())
      say(true, "model.folder", 0, look_error_.error().message());
    return;
  }
  std::vector<std::pair<std::int64_t, std::string>> half;
  std::vector<std::int64_t> changed;
  {
    const std::lock_guard lock(mutex_);
    for (auto& [key, known] : known_) known.on_disk = false;
    for (FolderVersion& found : *versions) {
      Known& known = know_locked({found.version, found.path, "", {}});
      known.on_disk = true;
      if (known.loaded != nullptr && known.fingerprint != found.fingerprint)
        changed.push_back(found.version);
      known.fingerprint = std::move(found.fingerprint);
      known.complete = std::move(found.complete);
      const bool other = known.error && known.failed_fingerprint != known.fingerprint;
      const bool passing = known.error && known.error->retry() == Retry::backoff;
      if (other || (passing && Clock::now() >= known.again)) known.error.reset();
      if (other) set_state_locked(known, VersionState::start, "");
      if (known.complete.ok()) {
        known.said = false;
      } else if (!known.said) {
        known.said = true;
        half.emplace_back(found.version, known.complete.error().message());
      }
      if (known.status.state == VersionState::start)
        known.status.reason = known.complete.ok() ? "" : known.complete.error().message();
    }
    std::erase_if(known_, [](const auto& item) {
      const VersionState state = item.second.status.state;
      return !item.second.on_disk && item.second.status.uri.empty() &&
             item.second.loaded == nullptr && !item.second.loading && !item.second.checking &&
             (state == VersionState::start || state == VersionState::end);
    });
  }
  for (const std::int64_t version : changed)
    say(true, "model.changed", version,
        fmt::format("version {}: expected files that stay as they were loaded; they changed; what "
                    "is in memory goes on, and the next process has the new ones; publish changes "
                    "under a number of their own",
                    version));
  for (const auto& [version, why] : half)
    say(true, "model.incomplete", version,
        fmt::format("version {} is not loaded: {}", version, why));
}

// Half copies and failures count as incomplete.
std::vector<VersionPath> ServedModel::Life::loadable() const {
  std::vector<VersionPath> versions;
  const std::lock_guard lock(mutex_);
  for (const auto& [key, known] : known_) {
    if (!known.on_disk) continue;
    VersionPath item{known.status.version, known.status.path, known.complete};
    if (known.loaded != nullptr) item.complete = {};  // what serves is not judged again
    if (known.error) item.complete = *known.error;
    versions.push_back(std::move(item));
  }
  std::sort(versions.begin(), versions.end(),
            [](const auto& a, const auto& b) { return a.version < b.version; });
  return versions;
}

}  // namespace thalweg
