// What one worker saw of each model version: counts in the bins of its baseline, or a sample while there is none yet.
//
// The worker counts; the monitor (drift_monitor.h) comes by each second and takes the counts away. The lock is taken once for each use of
// a model in a batch, and held by the monitor for microseconds. Memory is taken when a version is seen first, and when its baseline comes; nothing
// a row, but for the texts of a baseline that is being made.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "model/score_observer.h"
#include "monitor/baseline.h"
#include "monitor/bins.h"
#include "monitor/drift_options.h"
#include "monitor/field_sample.h"
#include "monitor/watched_value.h"

namespace thalweg::monitor {

using Counts = std::vector<std::uint64_t>;

// Of one field, feature or output of one version.
struct WatchedField {
  static constexpr std::size_t whole = SIZE_MAX;

  std::string name;
  std::uint32_t column = 0;
  std::size_t element = whole;  // of a feature of several numbers
  Watched what = Watched::field;
  FieldSample sample{"", false, 0};
  std::optional<Bins> bins{};  // none: not in the baseline, or of another kind there
  Counts counts{};
};

// One use of one version in one step.
struct Watch {
  const ModelVersion* version =
      nullptr;  // with the two schemas: what it is found by; never followed
  const Schema* schema = nullptr;
  const Schema* outputs = nullptr;
  std::string model;
  std::int64_t number = 0;
  std::string content;  // what tells the version from another of its number
  std::string path;
  std::vector<std::uint32_t> reads;
  std::vector<Field> features;
  std::uint64_t rows = 0;  // in the counts
  bool asked = false;      // since the monitor came by
  bool counting = false;   // the baseline is here
  std::vector<WatchedField> fields;

  void count_by(const Baseline& baseline);
  // Of the same use and version, which may have been loaded again.
  [[nodiscard]] bool watches(const Scored& scored) const;
  [[nodiscard]] bool same_version(const Scored& scored) const;
};

class DriftObserver final : public ScoreObserver {
 public:
  explicit DriftObserver(const DriftOptions& options) : options_(options) {}

  void scored(const Scored& scored) noexcept override;

  // For the monitor, under the lock.
  template <class F>
  void with_watches(F&& f) {
    const std::lock_guard lock(mutex_);
    f(watches_);
  }

 private:
  [[nodiscard]] Watch& watch_of(const Scored& scored);
  [[nodiscard]] bool wanted(const std::string& field) const;
  void add(Watch& watch, WatchedField field, const ColumnType& type) const;
  void add_features(Watch& watch, const Scored& scored) const;

  const DriftOptions options_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Watch>> watches_;  // mutex_
};

}  // namespace thalweg::monitor
