// Counts which share of the records dies, so that a wrong deployment does not drain its topic into the dead letters.
//
// Two windows of at least `records` records each, the present and the last one: the answer is about records that came lately, and never
// about fewer than a whole window. One worker's own; no locks.
#pragma once

#include <cstdint>

#include "config/error_rules.h"

namespace thalweg {

class DeadShare {
 public:
  explicit DeadShare(const ErrorRules::Guard& guard)
      : share_max_(guard.share_max), records_(guard.records) {}

  // True when, with these, too many are dead.
  [[nodiscard]] bool add(std::uint64_t records, std::uint64_t dead) noexcept {
    if (now_.records >= records_) {
      before_ = now_;
      now_ = {};
    }
    now_.records += records;
    now_.dead += dead;
    return share_of() >= records_ && share() > share_max_;
  }
  // Of how many records the share is taken.
  [[nodiscard]] std::uint64_t share_of() const noexcept { return before_.records + now_.records; }
  [[nodiscard]] double share() const noexcept {
    return share_of() == 0
               ? 0
               : static_cast<double>(before_.dead + now_.dead) / static_cast<double>(share_of());
  }

 private:
  struct Window {
    std::uint64_t records = 0, dead = 0;
  };
  double share_max_;
  std::uint64_t records_;
  Window before_, now_;
};

}  // namespace thalweg
