// Which faults come in which order: decks of all chosen faults, each shuffled by the seed. So every kind comes once before one comes
// twice, and the same seed and choice give the same order and the same numbers within each fault.
#pragma once

#include <vector>

#include "chaos/faults.h"

namespace thalweg::chaos {

class Plan {
 public:
  Plan(std::uint64_t seed, std::vector<const Fault*> chosen)
      : seed_(seed), chosen_(std::move(chosen)) {}

  struct Step {
    std::size_t number;  // from 1
    const Fault* fault;
    Random random;  // its own
  };
  [[nodiscard]] Step next() {
    const std::size_t at = number_ % chosen_.size();
    if (at == 0) {
      deck_ = chosen_;
      Random(seed_, number_ << 32).shuffle(deck_);
    }
    ++number_;
    return {number_, deck_[at], Random(seed_, number_)};
  }

 private:
  std::uint64_t seed_;
  std::vector<const Fault*> chosen_, deck_;
  std::size_t number_ = 0;
};

}  // namespace thalweg::chaos
