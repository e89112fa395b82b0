// Counts what the versions of a worker's models do, by version, variant and role.
//
// Written by one thread with relaxed stores; read at any time by others, who add the meters of all workers. It remembers a bounded number of
// versions: the one that was not used for longest makes room for a new one.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "model/score_observer.h"
#include "model/version_totals.h"

namespace thalweg {

class VersionMeter final : public ScoreObserver {
 public:
  static constexpr std::size_t versions_max = 64;

  void scored(const Scored& scored) noexcept override;
  void shadow_lost(const ModelVersion& shadow, std::size_t rows, ShadowLoss why) noexcept override;

  // Any thread.
  [[nodiscard]] std::vector<VersionTotals> totals() const;

 private:
  // With one writer.
  struct Count {
    std::atomic<std::uint64_t> value{0};
    void add(std::uint64_t n) noexcept { value.store(get() + n, std::memory_order_relaxed); }
    [[nodiscard]] std::uint64_t get() const noexcept {
      return value.load(std::memory_order_relaxed);
    }
  };
  struct Entry {
    VersionTotals who;  // its names; its figures are these:
    std::uint64_t last_use = 0;
    Count rows, answered, nan_rows, failed_uses, sum_ns;
    std::array<Count, shadow_losses> lost;
    std::array<Count, CallTimes::buckets> times;
  };
  [[nodiscard]] Entry& entry(const ModelVersion& version, const std::string& variant, Role role);

  std::uint64_t uses_ = 0;
  mutable std::mutex mutex_;  // the list changes, or is read by another thread
  std::vector<std::unique_ptr<Entry>> entries_;
};

}  // namespace thalweg
