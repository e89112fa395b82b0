// The inside of a ServedModel: what is known of each version, and the turns in which wishes become routes.
//
// Two locks. work_: who looks, loads and checks; held for seconds, by the model's own thread, or by the caller of open(),
// must_fit() and poll_now(). mutex_: the state that everybody reads; held for moments, never while anything is loaded, freed or told.
//
// What may take long or hang (loading, checking, fetching) is done by errands, each on a thread of its own. A turn waits for a load for
// `slow_load` at most, and later turns go on where it is; so whatever else comes meanwhile is followed, and a stop waits for none.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "model/errand.h"
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
  std::vector<std::string> warnings;      // about those that were passed over
  std::shared_ptr<const CacheUse> use{};  // of its folder in the cache of fetched versions
  // One version here is one key: its path, as long as it has one.
  [[nodiscard]] std::string key() const { return path.empty() ? std::to_string(version) : path; }
  bool operator==(const WishedVersion& other) const { return key() == other.key(); }
};

// What a wish means now.
struct WishedVersions {
  std::vector<WishedVersion> variants;  // in the order of the wish
  std::optional<WishedVersion>
      shadow;  // none: the wish has none, or it is not known yet, or not found
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

// No failure: an errand is under way, or the model stops. Whoever meets it comes again in a later turn.
inline Error later() {
  return {Code::stopped, "it is under way"};
}
inline bool is_later(const Error& error) {
  return error.code() == Code::stopped;
}

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
  ShadowStatus shadow() const;
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
    std::string fingerprint;          // as last seen, or as they were when it was loaded
    std::string on_disk_fingerprint;  // as the last look saw them
    std::shared_ptr<const ModelVersion> loaded;
    std::unique_ptr<Errand<std::shared_ptr<const LoadedVersion>>> loading;  // or
    std::unique_ptr<Errand<std::shared_ptr<const ModelVersion>>> checking;  // before it is loaded
    Clock::time_point slow_at{};                                            // of that errand
    bool slow_told = false;                                                 // the same
    std::string errand_fingerprint;  // of the files when it was begun
    std::uint64_t load =
        0;            // counts loads, so that the end of an earlier one is not taken for this one's
    Status complete;  // what the folder says of it
    std::optional<Error> error;  // why it failed, while its files are as they were then
    std::string failed_fingerprint;
    Clock::time_point again{};  // when to try what may pass by itself
    std::string told;           // the failure that was said last
    std::string checked;        // the fingerprint of the files that were found good without loading
    bool on_disk = false;
    bool said = false;  // that it is not complete
  };
  struct Wish {
    DesiredModel wish;
    std::int64_t epoch = -1;
    std::optional<WishedVersions> found;  // all variants loaded, or all checked and `unloads`
    bool unloads = false;  // it is loaded when it is activated, in the place of what serves
    std::optional<Error> refusal{};
    bool loads = false;  // an errand for it is under way
  };
  // A version that a variant has left, kept warm for a rollback.
  struct Previous {
    std::string key;
    std::string variant;  // each keeps one
    Clock::time_point until;
  };
  struct Looked {
    VersionFolder folder;  // as it is after the look
    std::vector<FolderVersion> versions;
  };
  struct Fetching {
    std::unique_ptr<Errand<FetchedVersion>> errand;
    std::shared_ptr<std::atomic<bool>> unwanted;
  };

  // How long a turn waits for loads that are slow.
  enum class Patience : std::uint8_t { none, for_variants, for_all };

  // served_life.cpp. turn() REQUIRES work_.
  void turn(Patience patience = Patience::none);
  void run();

  // served_folder.cpp: what lies there. All REQUIRE work_.
  void look(bool patient);
  [[nodiscard]] std::chrono::milliseconds look_patience() const;
  [[nodiscard]] Clock::time_point look_deadline() const;  // of who is patient
  void give_up_look();
  void begin_look();
  [[nodiscard]] bool look_ended(bool began, bool patient);
  void take_look(Result<std::vector<FolderVersion>> versions);
  void say_slow_look();
  [[nodiscard]] std::vector<VersionPath> loadable() const;

  // served_meaning.cpp: what a wish means now. All REQUIRE work_.
  [[nodiscard]] Result<WishedVersions> resolve(const DesiredModel& wish);
  [[nodiscard]] Result<WishedVersion> resolve_one(const VersionWish& version,
                                                  const DesiredModel& wish);
  [[nodiscard]] Result<WishedVersion> without_files(const std::string& version) const;

  // served_fetch.cpp: versions given by their address. All REQUIRE work_, but for the last two.
  [[nodiscard]] Result<WishedVersion> fetch(const std::string& uri);
  [[nodiscard]] FetchOptions fetch_options() const;
  [[nodiscard]] Result<FetchedVersion> bring(const std::string& uri);
  void forget_failure(const std::string& key);
  void forget_fetches();
  void leave_fetches();  // the model's thread has ended
  void tidy_cache();

  // served_pursuit.cpp: from a wish to a route. All REQUIRE work_.
  void pursue_next();
  void follow_active();
  [[nodiscard]] Result<WishedVersions> pursue(const DesiredModel& wish, bool may_unload = true);
  [[nodiscard]] Status load_missing(const std::vector<const WishedVersion*>& missing,
                                    const WishedVersions& wished);
  void give_up_activation(const Error& why);
  void serve_again();

  // served_shadow.cpp: the shadow of the active wish, which holds up nothing else. All REQUIRE work_.
  void follow_shadow();
  [[nodiscard]] Result<WishedVersion> pursue_shadow(const Wish& active);
  void refuse_shadow(const Error& why);
  void drop_unfit_shadow(const VersionCheck& check);

  // served_load.cpp: one version. All REQUIRE work_.
  [[nodiscard]] Status load(const WishedVersion& version, const WishedVersions& wished);
  [[nodiscard]] Result<std::shared_ptr<const ModelVersion>> take_loaded(
      const WishedVersion& version);
  [[nodiscard]] std::shared_ptr<const ModelVersion> adopt(std::unique_ptr<ModelVersion> version,
                                                          const std::string& key,
                                                          std::uint64_t load);
  void make_room(const WishedVersions& wished);
  [[nodiscard]] Status check_once(const WishedVersion& version);
  void wait_until_freed(const std::set<std::string>& variants);
  // `fingerprint`: of the files that failed.
  void fail(const std::string& key, Error error, const std::string& fingerprint);
  [[nodiscard]] Status check_fit(const std::shared_ptr<const ModelVersion>& version) const;
  [[nodiscard]] Status fit_route(const VersionCheck& check);
  [[nodiscard]] std::optional<Error> unfit_in_route(const VersionCheck& check);
  [[nodiscard]] std::string key_of(const std::shared_ptr<const ModelVersion>& version) const;

  // served_errands.cpp: loads and checks on threads of their own. All REQUIRE work_.
  [[nodiscard]] std::string fingerprint_of(const WishedVersion& version) const;
  [[nodiscard]] Status begin_load(const WishedVersion& version);
  void begin_check(const WishedVersion& version, std::string fingerprint);
  [[nodiscard]] Status wait_for_errand(const WishedVersion& version,
                                       const std::function<bool(const Known&)>& ended);
  void say_slow(const WishedVersion& version);
  [[nodiscard]] std::function<void()> woken_by_errand(
      std::shared_ptr<const std::atomic<bool>> if_set = {});
  void drop_unwanted_errands();

  // served_state.cpp: state. Those that end in _locked REQUIRE mutex_.
  [[nodiscard]] std::optional<Error> known_failure(const std::string& key) const;
  void move_route_locked(Wish& wish);
  void set_shadow_locked(Route& route, const Wish& wish) const;
  [[nodiscard]] bool variants_loaded_locked(const WishedVersions& wished) const;
  [[nodiscard]] std::shared_ptr<const ModelVersion> loaded_locked(const std::string& key) const;
  // With `unload: first`: must something that serves go before this is loaded?
  [[nodiscard]] bool takes_a_place_locked(const WishedVersions& wished) const;
  // Are these the variants of the route as it is?
  [[nodiscard]] bool routed_locked(const WishedVersions& wished) const;
  // What nobody wants any more, to be let go without the lock.
  [[nodiscard]] std::vector<std::shared_ptr<const ModelVersion>> drop_unwanted_locked(
      const WishedVersions* loading = nullptr);
  [[nodiscard]] std::vector<std::shared_ptr<const ModelVersion>> take_locked(
      const std::function<bool(const std::string& key)>& wanted, const std::string& reason);
  // REQUIRES that it is about to move there.
  void keep_previous_locked(const Wish& wish);
  [[nodiscard]] bool kept_locked(const std::string& key) const;
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
  // The look under way, and those before it that never ended: a drive may be dead. All guarded by work_.
  std::unique_ptr<Errand<Looked>> looking_;
  std::vector<std::unique_ptr<Errand<Looked>>> hung_looks_;
  std::shared_ptr<std::atomic<bool>> look_awaited_;  // whose end wakes the model's thread
  Clock::time_point look_began_{};                   // the one under way
  Clock::time_point look_again_{};                   // when it counts as hung
  bool slow_look_told_ = false;
  std::set<std::string>
      tried_;             // failed in this turn, so not again before the next; guarded by work_
  bool patient_ = false;  // loads are waited for however long they take; guarded by work_
  std::set<std::string> awaited_;  // loads that this turn would have wanted; guarded by work_
  std::map<std::string, Fetching> fetching_;              // by URI; guarded by work_
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
  std::optional<Error> shadow_refusal_;  // of the active wish
  std::vector<Previous> previous_;       // oldest first
  std::uint64_t loads_ = 0;
  bool controlled_ = false;
  bool wake_ = false;
  bool stop_ = false;
  std::function<void()> told_;
  std::function<void(const VersionNews&)> news_told_;
  std::vector<VersionNews> news_;  // until somebody listens
  std::thread thread_;
};

}  // namespace thalweg
