// Numbers from a seed, the same with every compiler and library: std's distributions promise no such thing, and a seed that a run
// printed must give the same plan anywhere.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace thalweg::chaos {

class Random {
 public:
  // `stream` tells independent sequences of one seed apart: a step of the plan draws from its own, so that what one step
  // draws does not move the others.
  Random(std::uint64_t seed, std::uint64_t stream) noexcept
      : state_(seed * 0x9e3779b97f4a7c15U ^ mixed(stream + 1)) {}

  [[nodiscard]] std::uint64_t next() noexcept {
    state_ += 0x9e3779b97f4a7c15U;
    return mixed(state_);
  }
  // Both ends included.
  [[nodiscard]] std::int64_t between(std::int64_t low, std::int64_t high) noexcept {
    return low + static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(high - low + 1));
  }
  [[nodiscard]] bool coin() noexcept { return (next() >> 63) != 0; }
  template <class T>
  void shuffle(std::vector<T>& all) noexcept {
    for (std::size_t i = all.size(); i > 1; --i)
      std::swap(all[i - 1], all[static_cast<std::size_t>(next() % i)]);
  }

 private:
  static std::uint64_t mixed(std::uint64_t z) noexcept {  // splitmix64's finish
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
  }
  std::uint64_t state_;
};

}  // namespace thalweg::chaos
