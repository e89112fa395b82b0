// Drift of a pipeline's models: the counts of all workers, in windows, against the baseline of each version.
//
//   worker ─▶ DriftObserver ─┐ counts
//   worker ─▶ DriftObserver ─┴▶ tick, each second ─▶ window full (rows and time) ─▶ PSI of each field ─▶ limit passed, so often running ─▶ alarm
//
// The limit is the larger of the threshold and of what the PSI of so many rows in so many bins stays below without drift (psi.h). A version
// that brings a baseline is compared with that, another one with its own first rows. A version that has left is reported no more, and its alarms end; it
// is remembered with its baseline, since it may come back. A version is its number and its content: two of one number share nothing.
//
// Threads: `observer` before the workers start; tick on one thread, which may be slow (it reads baselines from disk); the rest on any.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "thalweg/ids.h"

#include "monitor/baseline.h"
#include "monitor/drift_observer.h"
#include "monitor/drift_options.h"

namespace thalweg::monitor {

// The last window of one field, feature or output. NaN, all four figures: nothing of it was seen there, as an output of rows that were all refused.
struct FieldDrift {
  std::string field;
  Watched what = Watched::field;
  FieldBaseline::Of of = FieldBaseline::Of::number;
  double psi = std::numeric_limits<double>::quiet_NaN();
  double limit = psi;
  double missing_share = psi;
  double outside_share = psi;  // out of range, or unseen
  std::uint32_t above = 0;     // windows running
  bool alarm = false;
};

struct VersionDrift {
  std::string model;
  std::int64_t version = 0;
  std::string content;  // what tells it from another of its number
  Timestamp asked;      // for the last time
  enum class From : std::uint8_t { none_yet, version, first_rows } baseline = From::none_yet;
  std::uint64_t baseline_rows = 0;
  std::uint64_t windows = 0;      // judged so far
  std::uint64_t window_rows = 0;  // of the last one
  Timestamp window_from, window_to;
  std::vector<FieldDrift> fields;  // empty before the first window
  std::string trouble;             // why the version's own baseline is not used
};
[[nodiscard]] std::string_view to_string(VersionDrift::From from) noexcept;

class DriftMonitor {
 public:
  // Gets each event, an alarm's begin or end, as JSON and in words; on tick's thread.
  using Tell = std::function<void(const std::string& event, const std::string& words)>;
  DriftMonitor(std::string pipeline, DriftOptions options, Tell tell = {});

  // A new one, for one worker; it is the monitor's and lives as long.
  [[nodiscard]] ScoreObserver& observer();

  void tick(Timestamp now);

  [[nodiscard]] std::vector<VersionDrift> report() const;

 private:
  struct FieldState {
    std::string name;
    Watched what = Watched::field;
    Counts window;
    std::uint32_t above = 0;
    bool alarm = false;
  };
  struct Version {
    VersionDrift told;
    std::string path;
    bool looked = false;  // for its own baseline
    std::shared_ptr<const Baseline> baseline;
    std::vector<FieldState> fields;
    std::uint64_t rows = 0;
    Timestamp since;
    std::int64_t unasked_ms = 0;  // while other versions of its model were asked
    bool left = false;            // for so long that it is not reported
  };
  // Model, number, content: a number that is published anew has windows and a baseline of its own.
  using Key = std::tuple<std::string, std::int64_t, std::string>;
  [[nodiscard]] static Key key_of(const Watch& watch) {
    return {watch.model, watch.number, watch.content};
  }

  void collect(Timestamp now);
  void take(Watch& watch, Timestamp now);
  void find_baseline(const Key& key, Version& version);
  [[nodiscard]] std::shared_ptr<const Baseline> from_first_rows(const Key& key);
  void see_who_left(Timestamp now);
  void leave(Version& version, Timestamp now);
  void judge(Version& version, Timestamp now);
  [[nodiscard]] FieldDrift judge(FieldState& field, const FieldBaseline& baseline);
  void tell_change(const Version& version, const FieldDrift& field, Timestamp now) const;
  void forget_old();

  const std::string pipeline_;
  const DriftOptions options_;
  const Tell tell_;
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<DriftObserver>> observers_;  // mutex_
  std::map<Key, Version> versions_;                        // mutex_
  Timestamp ticked_{0};                                    // mutex_; the last time
};

// For the HTTP API: one object a pipeline.
[[nodiscard]] std::string drift_json(const std::string& pipeline,
                                     const std::vector<VersionDrift>& versions);

}  // namespace thalweg::monitor
