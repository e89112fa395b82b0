// The turns of a ServedModel: look into the folder, find out what wishes mean, load what is missing, move the route.
#include "model/served_life.h"

#include <algorithm>

#include <fmt/format.h>

#include "model/versions.h"
#include "model/wish.h"

namespace thalweg {
namespace {

using namespace std::chrono_literals;

constexpr auto fetch_pause = 10s;  // after a fetch that failed

std::chrono::milliseconds duration(const ModelEntry& entry, std::string_view name) {
  return std::chrono::milliseconds(entry.values.integer(name));
}

bool is_word(const VersionWish& wish) {
  return wish != "latest" && !version_number(wish);
}

// Those that were expanded from a secret, and what stands behind their '=', as in --token=${file:token}.
std::vector<std::string> secret_words(const Node* command) {
  if (command == nullptr) return {};
  std::vector<std::string> secrets;
  const auto add = [&](const Node& word) {
    if (!word.is_scalar() || !word.secret()) return;
    secrets.push_back(word.text());
    if (const std::size_t equals = word.text().find('='); equals != std::string::npos)
      secrets.push_back(word.text().substr(equals + 1));
  };
  add(*command);
  for (const Node& word : command->items()) add(word);
  return secrets;
}

}  // namespace

ServedModel::Life::Life(ModelEntry entry, const Registry& registry, ModelCache& cache,
                        DesiredModel file_wish, std::shared_ptr<Reclaimer::Queue> reclaim)
    : entry_(std::move(entry)),
      file_wish_(std::move(file_wish)),
      route_(std::make_shared<const Route>()),
      registry_(registry),
      cache_(cache),
      reclaim_(std::move(reclaim)),
      poll_(duration(entry_, "poll")),
      keep_previous_(duration(entry_, "keep_previous")),
      slow_load_(duration(entry_, "slow_load")),
      unload_first_(entry_.values.string("unload") == "first"),
      folder_(entry_, registry) {}

Status ServedModel::Life::open() {
  if (opened_) return {};  // who asks again must not wait for a load under way
  const std::lock_guard work(work_);
  if (opened_) return {};
  {
    const std::lock_guard lock(mutex_);
    if (!next_) next_ = Wish{file_wish_, -1, {}, false, {}};
  }
  turn();
  const std::lock_guard lock(mutex_);
  opened_ = serving_;
  if (opened_) return {};
  Error error = next_ && next_->refusal
                    ? *next_->refusal
                    : Error(Code::model_unavailable, "expected a version to serve; there is none");
  if (next_ && next_->epoch == -1) next_.reset();  // asked again, it is the file's wish again
  return error;
}

void ServedModel::Life::start() {
  const std::lock_guard lock(mutex_);
  if (thread_.joinable() || stop_) return;
  thread_ = std::thread([this] { run(); });
}

void ServedModel::Life::stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
  route_.store(std::make_shared<const Route>());
  std::vector<std::shared_ptr<const ModelVersion>> dropped;
  const std::lock_guard lock(mutex_);
  for (auto& [key, known] : known_) dropped.push_back(std::move(known.loaded));
  told_ = nullptr;
  news_told_ = nullptr;
}

void ServedModel::Life::run() {
  for (;;) {
    {
      const std::lock_guard work(work_);
      turn();
    }
    std::unique_lock lock(mutex_);
    const auto woken = [this] { return stop_ || wake_; };
    if (poll_.count() > 0) {
      changed_.wait_for(lock, poll_, woken);
    } else {
      changed_.wait(lock, woken);
    }
    wake_ = false;
    if (stop_) return;
  }
}

void ServedModel::Life::poll_now() {
  const std::lock_guard work(work_);
  turn();
}

Status ServedModel::Life::prepare(const DesiredModel& wish, std::int64_t epoch) {
  if (Status fine = check_wish(wish); !fine.ok()) return fine;
  {
    const std::lock_guard lock(mutex_);
    next_ = Wish{wish, epoch, {}, false, {}};
    wake_ = true;
    ++wishes_;
    if (!serving_) return {};
  }
  start();
  changed_.notify_all();
  return {};
}

void ServedModel::Life::turn() {
  tried_.clear();
  {
    const std::lock_guard lock(mutex_);
    wishes_seen_ = wishes_;
  }
  look();
  pursue_next();
  follow_active();
  std::vector<std::shared_ptr<const ModelVersion>> dropped;
  const std::lock_guard lock(mutex_);
  dropped = drop_unwanted_locked();
}

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
             item.second.loaded == nullptr &&
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

Result<WishedVersion> ServedModel::Life::without_files(const std::string& version) const {
  if (entry_.kind == nullptr) {
    return config_error(entry_.node.where(),
                        "expected `path`, the folder of the model; got none; add it");
  }
  WishedVersion wished;
  wished.version = version_number(version).value_or(0);
  if (auto error = known_failure(wished.key()); error && tried_.contains(wished.key()))
    return *error;
  return wished;
}

Result<WishedVersion> ServedModel::Life::fetch(const std::string& uri) {
  const auto again = fetch_again_.find(uri);
  if (again != fetch_again_.end() && Clock::now() < again->second) return fetch_errors_.at(uri);
  auto found = fetched_.find(uri);
  if (found == fetched_.end()) {
    FetchOptions options;
    options.command = entry_.values.strings("fetch");
    options.secrets = secret_words(entry_.node.find("fetch"));
    if (entry_.values.has("cache")) options.cache = entry_.values.string("cache");
    options.timeout = duration(entry_, "fetch_timeout");
    options.stopped = [this] {
      const std::lock_guard lock(mutex_);
      return stop_;
    };
    auto files = fetch_version(uri, options);
    if (!files) {
      fetch_again_[uri] = Clock::now() + fetch_pause;
      fetch_errors_.insert_or_assign(uri, files.error());
      return std::move(files).error();
    }
    found = fetched_.emplace(uri, WishedVersion{files->version, files->path, uri, {}}).first;
  }
  const WishedVersion version = found->second;
  if (auto error = known_failure(version.key())) {
    fetched_.erase(found);  // looked at again, and compared with its hash again
    fetch_again_[uri] = Clock::now() + fetch_pause;
    fetch_errors_.insert_or_assign(uri, *error);
    return *error;
  }
  return version;
}

Result<WishedVersion> ServedModel::Life::resolve_one(const VersionWish& version,
                                                     const DesiredModel& wish) {
  if (is_uri(version)) return fetch(version);
  std::string text = version;
  if (is_word(version)) {
    const auto own = wish.labels.find(version);
    const auto of_file = file_wish_.labels.find(version);
    if (own != wish.labels.end()) {
      text = own->second;
    } else if (of_file != file_wish_.labels.end()) {
      text = of_file->second;
    }
  }
  if (!entry_.values.has("path")) return without_files(text);
  const std::vector<VersionPath> versions = loadable();
  if (versions.empty() && !look_error_.ok()) return look_error_.error();
  auto chosen = choose_version(entry_.values.string("path"), versions, text);
  if (!chosen) return std::move(chosen).error();
  return WishedVersion{chosen->version, chosen->path, "", std::move(chosen->warnings)};
}

Result<WishedVersions> ServedModel::Life::resolve(const DesiredModel& wish) {
  WishedVersions wished;
  for (const DesiredVariant& variant : wish.variants) {
    auto version = resolve_one(variant.version, wish);
    if (!version) return std::move(version).error();
    wished.variants.push_back(std::move(*version));
  }
  if (wish.shadow) {
    auto version = resolve_one(wish.shadow->version, wish);
    if (!version) return std::move(version).error();
    wished.shadow = std::move(*version);
  }
  return wished;
}

// Until all that the wish means is loaded, or it means nothing that loads: then the next lower version is what "latest" means.
// Unless it may unload, what takes the place of something that serves is only checked.
Result<WishedVersions> ServedModel::Life::pursue(const DesiredModel& wish, bool may_unload) {
  for (;;) {
    auto wished = resolve(wish);
    if (!wished) return wished;
    std::vector<const WishedVersion*> missing;  // variants first: the shadow comes behind them
    bool takes_a_place = false;
    {
      const std::lock_guard lock(mutex_);
      for (const WishedVersion* version : wished->all()) {
        const auto it = known_.find(version->key());
        if (it == known_.end() || it->second.loaded == nullptr) missing.push_back(version);
      }
      takes_a_place = takes_a_place_locked(*wished);
    }
    if (missing.empty()) return wished;
    bool checked = true;  // before anything that serves is let go
    for (const WishedVersion* version : missing) {
      if (tried_.contains(version->key())) return *known_failure(version->key());
      checked = checked && (!takes_a_place || check_once(*version).ok());
    }
    if (!checked) continue;
    if (takes_a_place && !may_unload) return wished;
    if (Status loaded = load(*missing.front(), *wished);
        !loaded.ok() && loaded.error().code() == Code::stopped)
      return std::move(loaded).error();
  }
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
  for (const WishedVersion* version : active.found->all()) {
    {
      const std::lock_guard lock(mutex_);
      if (known_[version->key()].loaded != nullptr) continue;
    }
    all = load(*version, *active.found).ok() && all;
  }
  if (!all) return;
  const std::lock_guard lock(mutex_);
  if (all_loaded_locked(*active.found) && active_.epoch == active.epoch) move_route_locked(active);
}

void ServedModel::Life::pursue_next() {
  std::optional<Wish> next;
  {
    const std::lock_guard lock(mutex_);
    next = next_;
  }
  if (!next) return;
  bool waits_for_activation = false;
  {
    const std::lock_guard lock(mutex_);
    waits_for_activation = controlled_ && serving_;
  }
  auto found = pursue(next->wish, !waits_for_activation);
  std::vector<std::shared_ptr<const ModelVersion>> dropped;
  std::string text;
  std::int64_t version = 0;
  bool refused_anew = false;
  {
    const std::lock_guard lock(mutex_);
    if (!next_ || next_->epoch != next->epoch) return;  // another one came meanwhile
    if (!found) {
      Error error = at_entry(entry_, found.error());
      refused_anew = !next_->refusal || next_->refusal->message() != error.message();
      next_->refusal = std::move(error);
      next_->found.reset();
      text = next_->refusal->message();
    } else {
      next_->found = std::move(*found);
      next_->refusal.reset();
      next_->unloads = !all_loaded_locked(*next_->found);
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
  if (why.code() == Code::stopped) return;
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

// With `unload: first`: while the route is empty records wait, and never for a shadow.
void ServedModel::Life::serve_variants_alone(const Wish& active) {
  if (!route_.load()->variants.empty()) {
    const std::lock_guard lock(mutex_);
    if (!before_) return;
  }
  DesiredModel alone = active.wish;
  alone.shadow.reset();
  auto found = pursue(alone);
  if (!found) return;
  const std::lock_guard lock(mutex_);
  if (active_.epoch != active.epoch || !all_loaded_locked(*found)) return;
  before_.reset();
  Wish moved{active_.wish, active_.epoch, std::move(*found), false, {}};
  move_route_locked(moved);
}

// "latest" may mean another version by now.
void ServedModel::Life::follow_active() {
  Wish active;
  {
    const std::lock_guard lock(mutex_);
    if (!serving_) return;
    active = active_;
  }
  if (unload_first_ && active.wish.shadow) serve_variants_alone(active);
  auto found = pursue(active.wish);
  if (!found) {
    give_up_activation(found.error());
    serve_again();
    return;
  }
  std::vector<std::shared_ptr<const ModelVersion>> dropped;
  std::int64_t version = 0;
  {
    const std::lock_guard lock(mutex_);
    if (active_.epoch != active.epoch || !all_loaded_locked(*found)) return;
    before_.reset();
    if (active_.found && *active_.found == *found && routed_locked(*found)) return;
    Wish moved{active_.wish, active_.epoch, std::move(*found), false, {}};
    move_route_locked(moved);
    dropped = drop_unwanted_locked();
    version = active_.found->variants.front().version;
  }
  say(false, "model.activated", version, fmt::format("version {} serves", version));
  dropped.clear();
  tell();
}

}  // namespace thalweg
