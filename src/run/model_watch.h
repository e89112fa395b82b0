// What a worker's models are watched by: the meters of its versions, and whether a shadow may have rows now. One a worker.
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "model/score_observer.h"
#include "model/version_meter.h"

namespace thalweg {

class ModelWatch final : public ScoreObserver {
 public:
  // `said`: a shadow sees no more rows, and why; on the worker's thread.
  explicit ModelWatch(std::function<void(const Error&)> said) : said_(std::move(said)) {}

  // --- the worker's thread ---
  // A batch was taken; full: there may be more behind it. Two in a row are more than natural batching.
  void took(bool full) noexcept {
    lagging_ = full && last_full_;
    last_full_ = full;
  }
  void scored(const Scored& scored) noexcept override { meter_.scored(scored); }
  void shadow_lost(const ModelVersion& shadow, std::size_t rows, ShadowLoss why) noexcept override {
    meter_.shadow_lost(shadow, rows, why);
  }
  void shadow_disabled(const ModelVersion&, const Error& why) noexcept override { said_(why); }
  [[nodiscard]] bool lagging() const noexcept override { return lagging_; }
  [[nodiscard]] ScoreObserver* on_shadow() noexcept override { return &shadow_meter_; }

  // Any thread: appends what its versions did.
  void add_totals(std::vector<VersionTotals>& to) const {
    for (VersionTotals& one : meter_.totals()) to.push_back(std::move(one));
    for (VersionTotals& one : shadow_meter_.totals()) to.push_back(std::move(one));
  }

 private:
  const std::function<void(const Error&)> said_;
  bool last_full_ = false;
  bool lagging_ = false;
  VersionMeter meter_;
  VersionMeter shadow_meter_;  // written on the shadow's thread
};

}  // namespace thalweg
