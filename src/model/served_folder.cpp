// What lies in the folder of a ServedModel: looked at in each turn, said where it is half or was written over. A look is an errand too: a drive
// may be dead, and then what is known goes on.
#include <algorithm>

#include <fmt/format.h>

#include "model/served_life.h"

namespace thalweg {

namespace {

using namespace std::chrono_literals;

// A look takes milliseconds. One that takes so long is of a drive that does not answer, and is not waited for any longer.
constexpr std::chrono::milliseconds look_patience_max = 2s;
// After so many times that, and twice as long each time, another look is tried beside the one that hangs: the drive may have been mounted
// anew.
constexpr int look_hangs_after = 30;
constexpr std::size_t hung_looks_max = 4;

}  // namespace

std::chrono::milliseconds ServedModel::Life::look_patience() const {
  return std::min(look_patience_max, slow_load_);
}

// Who starts has nothing else to go on with, and waits longer; not for ever, or nobody would hear of it but by the log.
ServedModel::Life::Clock::time_point ServedModel::Life::look_deadline() const {
  return look_began_ + std::max(look_patience_max, slow_load_);
}

void ServedModel::Life::begin_look() {
  look_began_ = Clock::now();
  look_awaited_ = std::make_shared<std::atomic<bool>>(false);
  look_again_ = Clock::now() + look_patience() * (look_hangs_after << hung_looks_.size());
  looking_ = std::make_unique<Errand<Looked>>(
      [folder = folder_]() mutable -> Result<Looked> {
        auto versions = folder.look();
        if (!versions) return std::move(versions).error();
        return Looked{std::move(folder), std::move(versions).value()};
      },
      woken_by_errand(look_awaited_));
}

// Waited for by the turn that began it, for a moment; who is patient waits for its end, or until the deadline.
bool ServedModel::Life::look_ended(bool began, bool patient) {
  std::unique_lock lock(mutex_);
  const auto over = [&] { return stop_ || looking_->ended(); };
  const auto moment = began ? look_patience() : 0ms;
  if (!changed_.wait_for(lock, moment, over)) {
    look_awaited_->store(true);
    lock.unlock();
    say_slow_look();
    lock.lock();
    if (patient) changed_.wait_until(lock, look_deadline(), over);
  }
  return !stop_ && looking_->ended();
}

void ServedModel::Life::say_slow_look() {
  if (std::exchange(slow_look_told_, true)) return;
  say(true, "model.folder", 0,
      fmt::format("'{}': expected to see what lies there within {} ms; there is no answer; what "
                  "serves goes on, and what is there is taken when it answers; is its drive away?",
                  entry_.values.string("path"), look_patience().count()));
}

// Nothing of the folder is known, and nobody waits for it any longer.
void ServedModel::Life::give_up_look() {
  const auto waited =
      std::chrono::duration_cast<std::chrono::milliseconds>(look_deadline() - look_began_);
  look_error_ = Error(
      Code::io_failed,
      fmt::format("'{}': expected to see what lies there within {} ms; there is no answer; is its "
                  "drive away? Mount it, or raise `slow_load` of the model, then start again",
                  entry_.values.string("path"), waited.count()));
}

void ServedModel::Life::look(bool patient) {
  if (!entry_.values.has("path")) return;
  std::erase_if(hung_looks_, [](const auto& look) { return look->ended(); });
  bool begins = looking_ == nullptr;
  if (!begins && !looking_->ended() && Clock::now() >= look_again_ &&
      hung_looks_.size() < hung_looks_max) {
    hung_looks_.push_back(std::move(looking_));
    begins = true;
  }
  if (begins) begin_look();
  if (!look_ended(begins, patient)) {
    if (patient) give_up_look();
    return;
  }
  auto looked = looking_->take();
  looking_.reset();
  if (std::exchange(slow_look_told_, false))
    say(false, "model.folder", 0, fmt::format("'{}' answers again", entry_.values.string("path")));
  if (looked) {
    folder_ = std::move(looked->folder);
    take_look(std::move(looked->versions));
  } else {
    take_look(std::move(looked).error());
  }
}

void ServedModel::Life::take_look(Result<std::vector<FolderVersion>> versions) {
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
      known.on_disk_fingerprint = found.fingerprint;
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
