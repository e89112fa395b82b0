// Champion and challenger on the same rows, without labels: what the shadow's observers heard, added up.
//
// Looks at the first output that is one number a row. Counted since the process began, for each pair of versions.
//
// Threads: `observer` before the workers start, the report on any. Each observer has its own lock, taken once a call.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "model/score_observer.h"
#include "monitor/score_grid.h"

namespace thalweg::monitor {

struct ComparisonOptions {
  double threshold = 0.5;    // from which a score is a yes
  double low = 0, high = 1;  // the range of scores
};

struct VersionPair {
  std::string model;
  std::int64_t champion = 0;
  std::int64_t challenger = 0;
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
  [[nodiscard]] std::vector<VersionPair> report() const;

 private:
  class Shadow;
  class Worker;

  const ComparisonOptions options_;
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Worker>> workers_;  // mutex_
};

// For the HTTP API.
[[nodiscard]] std::string comparison_json(const std::vector<VersionPair>& pairs, double threshold);

}  // namespace thalweg::monitor
