// Champion and challenger on the same rows, without labels: what the shadow's observers heard, added up.
//
// Looks at the first output that is one number a row. Counted since the process began, for each pair of versions; a version is its number and its
// content, so that a number that is published anew begins anew. A pair is forgotten when its model has answered for an hour without it: a challenger
// that was turned off can still be read about, and weeks of swaps leave nothing. Time in which the model has no rows does not count.
//
// Threads: `observer` before the workers start, tick on one, the report on any. Each observer has its own lock, taken once a call, and by a
// worker only while there are pairs.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "thalweg/ids.h"

#include "model/score_observer.h"
#include "monitor/score_grid.h"

namespace thalweg::monitor {

struct ComparisonOptions {
  double threshold = 0.5;    // from which a score is a yes
  double low = 0, high = 1;  // the range of scores
};

// Who is compared.
struct ComparedVersions {
  std::string model;
  std::int64_t champion = 0;
  std::int64_t challenger = 0;
  std::string champion_content, challenger_content;  // what tells them from others of their numbers
  bool operator==(const ComparedVersions&) const = default;
};

struct VersionPair : ComparedVersions {
  std::int64_t idle_ms = 0;  // its model answered for so long without it
  ScoreGrid grid;
  double champion_ns = 0, challenger_ns = 0;  // in the models, of all rows

  [[nodiscard]] double latency_ratio() const noexcept {
    return champion_ns > 0 ? challenger_ns / champion_ns : 0;
  }
};

class ComparisonMonitor {
 public:
  explicit ComparisonMonitor(ComparisonOptions options = {});
  ~ComparisonMonitor();

  // For one worker; it and its on_shadow() are the monitor's.
  [[nodiscard]] ScoreObserver& observer();
  [[nodiscard]] const ComparisonOptions& options() const noexcept { return options_; }
  // Forgets pairs. Each second or so.
  void tick(Timestamp now);
  [[nodiscard]] std::vector<VersionPair> report() const;

  static constexpr std::int64_t kept_ms = 3'600'000;

 private:
  class Shadow;
  class Worker;

  const ComparisonOptions options_;
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Worker>> workers_;  // mutex_
  Timestamp ticked_{0};                           // mutex_; the last time
};

// For the HTTP API.
[[nodiscard]] std::string comparison_json(const std::vector<VersionPair>& pairs, double threshold);

}  // namespace thalweg::monitor
