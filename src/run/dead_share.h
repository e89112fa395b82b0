// Counts which share of the records dies, so that a wrong deployment does not drain its topic into the dead letters.
//
// Two windows of at least `records` records each, the present and the last one: the answer is about records that came lately, and never
// about fewer than a whole window. Shared by the workers of a pipeline in a process: any thread.
#pragma once

#include <cstdint>
#include <mutex>

#include "config/error_rules.h"

namespace thalweg {

class DeadShare {
 public:
  explicit DeadShare(const ErrorRules::Guard& guard)
      : share_max_(guard.share_max), records_(guard.records) {}

  // True when, with these, too many are dead.
  [[nodiscard]] bool add(std::uint64_t records, std::uint64_t dead) noexcept {
    if (share_max_ >= 1) return false;
    const std::lock_guard lock(mutex_);
    if (now_.records >= records_) {
      before_ = now_;
      now_ = {};
    }
    now_.records += records;
    now_.dead += dead;
    const Window all = both();
    return all.records >= records_ && all.share() > share_max_;
  }
  struct Window {
    std::uint64_t records = 0, dead = 0;
    [[nodiscard]] double share() const noexcept {
      return records == 0 ? 0 : static_cast<double>(dead) / static_cast<double>(records);
    }
  };
  // The records of which the share is taken.
  [[nodiscard]] Window window() const {
    const std::lock_guard lock(mutex_);
    return both();
  }

 private:
  [[nodiscard]] Window both() const noexcept {
    return {before_.records + now_.records, before_.dead + now_.dead};
  }
  double share_max_;
  std::uint64_t records_;
  mutable std::mutex mutex_;
  Window before_, now_;
};

}  // namespace thalweg
