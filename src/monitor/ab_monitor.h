// The A/B test of a running process: what every variant of a model answered, by bucket, since the route that is in force.
//
//   worker ─▶ AbObserver ─┐ (n, Σy, Σy²) of 10,000 buckets
//   worker ─▶ AbObserver ─┴▶ report: the sum of all workers, per model ─▶ shares, ratio check, interval of the difference (ab_test.h)
//
// y is the first output that is one number a row. A route that changes, by its epoch or by a version behind a variant (another content of its number too), begins anew: shares and
// versions are the route's. A test is over when one variant answers alone. Nothing is kept for a model with one variant; with several it is 240 KB a worker.
//
// Threads: `observer` before the workers start; the report on any, at any time. Workers write with relaxed stores and wait for nobody:
// a report may see a row whose score it does not see yet.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "model/score_observer.h"
#include "monitor/ab_test.h"

namespace thalweg::monitor {

struct AbLiveArm {
  AbArm figures;  // of the rows with a score that is a number
  std::int64_t version = 0;
  std::uint64_t asked = 0;    // rows, each time
  double share_expected = 0;  // of all rows
  double share_seen = 0;
};

struct AbLive {
  std::string model;
  std::int64_t epoch = -1;
  std::vector<AbLiveArm> arms;  // as the route has them
  std::vector<AbVerdict>
      verdicts;  // of the variant with the largest share (a), against each other one (b)
};

class AbObserver;
struct AbCounts;

class AbMonitor {
 public:
  explicit AbMonitor(AbOptions options = {});
  ~AbMonitor();

  // A new one, for one worker; it is the monitor's and lives as long.
  [[nodiscard]] ScoreObserver& observer();
  // One for each model that had several variants when it was asked last.
  [[nodiscard]] std::vector<AbLive> report() const;

 private:
  [[nodiscard]] bool over(const AbCounts& newest) const;

  const AbOptions options_;
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<AbObserver>> observers_;  // mutex_
};

// For the HTTP API and for `thalweg models status`: an object; a list with one for each model.
[[nodiscard]] std::string ab_json(const AbLive& test);
[[nodiscard]] std::string ab_json(const std::vector<AbLive>& tests);

}  // namespace thalweg::monitor
