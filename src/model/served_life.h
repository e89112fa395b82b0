// The inside of a ServedModel: what is known of each version, and the turns in which wishes become routes.
//
// Two locks. work_: who looks, loads and checks; held for seconds, by the model's own thread, or by the caller of open(),
// must_fit() and poll_now(). mutex_: the state that everybody reads; held for moments, never while anything is loaded, freed or told.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "model/fetch.h"
#include "model/model_cache.h"
#include "model/reclaimer.h"
#include "model/served_model.h"
#include "model/version_folder.h"

namespace thalweg {

// A version that a wish means.
struct WishedVersion {
  std::int64_t version = 0;
  std::string path;  // empty: its runtime needs no files
  std::string uri;
  std::vector<std::string> warnings;  // about those that were passed over
  // One version here is one key: its path, as long as it has one.
  [[nodiscard]] std::string key() const { return path.empty() ? std::to_string(version) : path; }
  bool operator==(const WishedVersion& other) const { return key() == other.key(); }
};

// What a wish means now.
struct WishedVersions {
  std::vector<WishedVersion> variants;  // in the order of the wish
  std::optional<WishedVersion> shadow;
  [[nodiscard]] std::vector<const WishedVersion*> all() const {
    std::vector<const WishedVersion*> list;
    for (const WishedVersion& variant : variants) list.push_back(&variant);
    if (shadow) list.push_back(&*shadow);
    return list;
  }
  [[nodiscard]] bool names(const std::string& key) const {
    for (const WishedVersion* version : all()) {
      if (version->key() == key) return true;
    }
    return false;
  }
  bool operator==(const WishedVersions&) const = default;
};

// The route as workers take it. A lock that is held for the copy of a pointer, and no std::atomic<std::shared_ptr>: in libstdc++ 12 that
// one unlocks without a barrier, which ThreadSanitizer rightly reports.
class RouteCell {
 public:
  explicit RouteCell(std::shared_ptr<const Route> route) : route_(std::move(route)) {}
  [[nodiscard]] std::shared_ptr<const Route> load() const {
    const std::lock_guard lock(mutex_);
    return route_;
  }
  void store(std::shared_ptr<const Route> route) {
    const std::lock_guard lock(mutex_);
    route_.swap(route);  // the old one is let go without the lock: arguments live longer
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const Route> route_;  // guarded by mutex_
};

class ServedModel::Life : public std::enable_shared_from_this<Life> {
 public:
  Life(ModelEntry entry, const Registry& registry, ModelCache& cache, DesiredModel file_wish,
       std::shared_ptr<Reclaimer::Queue> reclaim);

  Status open();
  void start();
  void stop();  // joins; lets go of all versions
  Status must_fit(VersionCheck check);
  Status prepare(const DesiredModel& wish, std::int64_t epoch);
  bool prepared(std::int64_t epoch) const;
  std::optional<Error> refused(std::int64_t epoch) const;
  Status activate(std::int64_t epoch);
  void controlled(bool yes);
  void on_change(std::function<void()> told);
  void on_news(std::function<void(const VersionNews&)> told);
  std::vector<VersionStatus> status() const;
  DesiredModel wish() const;
  std::int64_t epoch() const;
  void poll_now();

  const ModelEntry entry_;
  const DesiredModel file_wish_;
  RouteCell route_;
  std::atomic<std::uint64_t> swaps_{0};
  std::atomic<std::uint64_t> failed_loads_{0};

 private:
  using Clock = std::chrono::steady_clock;
  // A version that is or was here, found by its key.
  struct Known {
    VersionStatus status;
    std::string fingerprint;  // as last seen
    std::shared_ptr<const ModelVersion> loaded;
    std::uint64_t load =
        0;            // counts loads, so that the end of an earlier one is not taken for this one's
    Status complete;  // what the folder says of it
    std::optional<Error> error;  // why it failed, while its files are as they were then
    std::string failed_fingerprint;
    Clock::time_point again{};  // when to try what may pass by itself
    std::string told;           // the failure that was said last
    std::string checked;        // the fingerprint of the files that check_files() found good
    bool on_disk = false;
    bool said = false;  // that it is not complete
  };
  struct Wish {
    DesiredModel wish;
    std::int64_t epoch = -1;
    std::optional<WishedVersions> found;  // all loaded, or all checked and `unloads`
    bool unloads = false;  // it is loaded when it is activated, in the place of what serves
    std::optional<Error> refusal;
  };

  // served_life.cpp. REQUIRES work_.
  void turn();
  void run();

  // served_folder.cpp: what lies there. Both REQUIRE work_.
  void look();
  [[nodiscard]] std::vector<VersionPath> loadable() const;

  // served_meaning.cpp: what a wish means now. All REQUIRE work_.
  [[nodiscard]] Result<WishedVersions> resolve(const DesiredModel& wish);
  [[nodiscard]] Result<WishedVersion> resolve_one(const VersionWish& version,
                                                  const DesiredModel& wish);
  [[nodiscard]] Result<WishedVersion> without_files(const std::string& version) const;
  [[nodiscard]] Result<WishedVersion> fetch(const std::string& uri);

  // served_pursuit.cpp: from a wish to a route. All REQUIRE work_.
  void pursue_next();
  void follow_active();
  [[nodiscard]] Result<WishedVersions> pursue(const DesiredModel& wish, bool may_unload = true);
  void give_up_activation(const Error& why);
  void serve_variants_alone(const Wish& active);
  void serve_again();

  // served_load.cpp: one version. All REQUIRE work_.
  [[nodiscard]] Status load(const WishedVersion& version, const WishedVersions& wished);
  [[nodiscard]] Result<std::shared_ptr<const ModelVersion>> load_and_check(
      const WishedVersion& version, std::uint64_t load);
  [[nodiscard]] std::shared_ptr<const ModelVersion> adopt(std::unique_ptr<ModelVersion> version,
                                                          const std::string& key,
                                                          std::uint64_t load);
  // Loads on a thread of its own: one that hangs is left behind when something else is asked for.
  [[nodiscard]] Result<std::shared_ptr<const LoadedVersion>> load_apart(
      const WishedVersion& version, std::uint64_t load);
  void came_too_late(const std::string& key, std::uint64_t load);
  void make_room(const WishedVersions& wished);
  [[nodiscard]] Status check_once(const WishedVersion& version);
  void wait_until_freed(const std::set<std::string>& variants);
  void fail(const std::string& key, Error error);
  [[nodiscard]] Status check_fit(const std::shared_ptr<const ModelVersion>& version) const;
  [[nodiscard]] std::optional<Error> unfit_in_route(const VersionCheck& check);

  // served_state.cpp: state. Those that end in _locked REQUIRE mutex_.
  [[nodiscard]] std::optional<Error> known_failure(const std::string& key) const;
  void move_route_locked(Wish& wish);
  [[nodiscard]] bool all_loaded_locked(const WishedVersions& wished) const;
  // With `unload: first`: must something that serves go before this is loaded?
  [[nodiscard]] bool takes_a_place_locked(const WishedVersions& wished) const;
  // Is this the route as it is?
  [[nodiscard]] bool routed_locked(const WishedVersions& wished) const;
  // What nobody wants any more, to be let go without the lock.
  [[nodiscard]] std::vector<std::shared_ptr<const ModelVersion>> drop_unwanted_locked(
      const WishedVersions* loading = nullptr);
  [[nodiscard]] std::vector<std::shared_ptr<const ModelVersion>> take_locked(
      const std::function<bool(const std::string& key)>& wanted, const std::string& reason);
  [[nodiscard]] std::string role_locked(const std::string& key) const;
  Known& know_locked(const WishedVersion& version);
  void set_state_locked(Known& known, VersionState state, std::string reason);
  void freed(const std::string& key, std::uint64_t load);
  void tell();
  void say(bool warning, std::string event, std::int64_t version, std::string text);

  const Registry& registry_;
  ModelCache& cache_;
  const std::shared_ptr<Reclaimer::Queue> reclaim_;
  const std::chrono::milliseconds poll_;
  const std::chrono::milliseconds keep_previous_;
  const std::chrono::milliseconds slow_load_;
  const bool unload_first_;

  std::mutex work_;
  VersionFolder folder_;  // guarded by work_
  std::set<std::string>
      tried_;  // failed in this turn, so not again before the next; guarded by work_
  std::map<std::string, Clock::time_point> fetch_again_;  // guarded by work_
  std::map<std::string, Error> fetch_errors_;             // guarded by work_
  std::map<std::string, WishedVersion> fetched_;          // guarded by work_
  std::vector<VersionCheck> checks_;                      // guarded by work_
  Status look_error_;                                     // guarded by work_
  std::atomic<bool> opened_{false};

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, Known> known_;  // by key; all below guarded by mutex_
  Wish active_;
  std::optional<Wish>
      before_;            // what served, while active_ is being loaded in its place; to go back to
  bool serving_ = false;  // active_ was ever activated
  std::optional<Wish> next_;
  std::string previous_;  // key of the version before; empty: none is kept
  Clock::time_point previous_until_;
  std::uint64_t loads_ = 0;
  std::uint64_t wishes_ = 0, wishes_seen_ = 0;  // counts prepare(); at the begin of this turn
  bool controlled_ = false;
  bool wake_ = false;
  bool stop_ = false;
  std::function<void()> told_;
  std::function<void(const VersionNews&)> news_told_;
  std::vector<VersionNews> news_;  // until somebody listens
  std::thread thread_;
};

}  // namespace thalweg
