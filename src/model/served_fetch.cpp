// Versions that are given by their address: fetched by errands, and kept in the cache as long as a wish means them or they are loaded.
#include "model/served_life.h"

namespace thalweg {
namespace {

using namespace std::chrono_literals;

constexpr auto fetch_pause = 10s;  // after a fetch that failed
constexpr auto leave_after =
    2s;  // at the end of the model: its command is killed, and what it brought removed

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

FetchOptions ServedModel::Life::fetch_options() const {
  FetchOptions options;
  options.command = entry_.values.strings("fetch");
  options.secrets = secret_words(entry_.node.find("fetch"));
  if (entry_.values.has("cache")) options.cache = entry_.values.string("cache");
  options.cache_bytes_max = static_cast<std::uint64_t>(entry_.values.integer("cache_bytes_max"));
  options.timeout = std::chrono::milliseconds(entry_.values.integer("fetch_timeout"));
  return options;
}

// Errors: later(), and those of fetch_version().
Result<FetchedVersion> ServedModel::Life::bring(const std::string& uri) {
  auto it = fetching_.find(uri);
  if (it != fetching_.end() && it->second.unwanted->load()) {
    if (!it->second.errand->ended()) return later();  // it is being given up, and then begun anew
    fetching_.erase(it);
    it = fetching_.end();
  }
  if (it == fetching_.end()) {
    Fetching fetching{nullptr, std::make_shared<std::atomic<bool>>(false)};
    FetchOptions options = fetch_options();
    options.stopped = [unwanted = fetching.unwanted] { return unwanted->load(); };
    fetching.errand = std::make_unique<Errand<FetchedVersion>>(
        [uri, options] { return fetch_version(uri, options); }, woken_by_errand());
    it = fetching_.emplace(uri, std::move(fetching)).first;
  }
  const Errand<FetchedVersion>& errand = *it->second.errand;
  {
    std::unique_lock lock(mutex_);
    if (patient_) changed_.wait(lock, [&] { return stop_ || errand.ended(); });
    if (stop_ || !errand.ended()) return later();
  }
  auto brought = it->second.errand->take();
  fetching_.erase(it);
  return brought;
}

Result<WishedVersion> ServedModel::Life::fetch(const std::string& uri) {
  const auto again = fetch_again_.find(uri);
  if (again != fetch_again_.end() && Clock::now() < again->second) return fetch_errors_.at(uri);
  const auto refuse = [&](const Error& why) {
    fetch_again_[uri] = Clock::now() + fetch_pause;
    fetch_errors_.insert_or_assign(uri, why);
    return why;
  };
  auto found = fetched_.find(uri);
  if (found == fetched_.end()) {
    auto brought = bring(uri);
    if (!brought) return is_later(brought.error()) ? later() : refuse(brought.error());
    found =
        fetched_.emplace(uri, WishedVersion{brought->version, brought->path, uri, {}, brought->use})
            .first;
    forget_failure(found->second.key());
  }
  const WishedVersion version = found->second;
  if (auto error = known_failure(version.key())) {
    fetched_.erase(found);  // looked at again, and compared with its hash again
    return refuse(*error);
  }
  return version;
}

// What may pass by itself is tried again, though the files never change.
void ServedModel::Life::forget_failure(const std::string& key) {
  const std::lock_guard lock(mutex_);
  const auto it = known_.find(key);
  if (it == known_.end() || !it->second.error) return;
  if (it->second.error->retry() == Retry::backoff && Clock::now() >= it->second.again)
    it->second.error.reset();
}

// What no wish means any more: a fetch is ended, and what was fetched may leave the cache once it is not in memory.
void ServedModel::Life::forget_fetches() {
  std::set<std::string> wanted;
  std::set<std::string> in_memory;
  {
    const std::lock_guard lock(mutex_);
    const auto add = [&](const DesiredModel& wish) {
      for (const DesiredVariant& variant : wish.variants) wanted.insert(variant.version);
      if (wish.shadow) wanted.insert(wish.shadow->version);
    };
    add(active_.wish);
    if (next_) add(next_->wish);
    if (before_) add(before_->wish);
    for (const auto& [key, known] : known_) {
      if (known.loaded != nullptr || known.loading != nullptr) in_memory.insert(key);
    }
  }
  std::erase_if(fetching_, [&](const auto& item) {
    if (wanted.contains(item.first)) return false;
    item.second.unwanted->store(true);
    return item.second.errand->ended();
  });
  std::erase_if(fetched_, [&](const auto& item) {
    return !wanted.contains(item.first) && !in_memory.contains(item.second.key());
  });
  std::erase_if(fetch_again_, [&](const auto& item) { return !wanted.contains(item.first); });
  std::erase_if(fetch_errors_, [&](const auto& item) { return !wanted.contains(item.first); });
}

void ServedModel::Life::leave_fetches() {
  const std::lock_guard work(work_);
  const auto until = Clock::now() + leave_after;
  for (const auto& [uri, one] : fetching_) one.unwanted->store(true);
  for (const auto& [uri, one] : fetching_)
    (void)one.errand->ended_within(
        std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()));
  fetching_.clear();
}

// What processes that were killed left there, and what is more than its bound.
void ServedModel::Life::tidy_cache() {
  const FetchOptions options = fetch_options();
  FetchCache(options.cache, options.cache_bytes_max).tidy();
}

}  // namespace thalweg
