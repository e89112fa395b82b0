// Numbers that are the same everywhere: the generator of tests/monitor/golden/figures.py, and normal ones made of it.
#pragma once

#include <cmath>
#include <cstdint>

namespace thalweg::monitor {

class Numbers {
 public:
  explicit Numbers(std::uint64_t seed) : x_(seed) {}
  double next() {
    x_ = x_ * 48271 % 2147483647;
    return static_cast<double>(x_) / 2147483647;
  }
  double normal() {
    const double radius = std::sqrt(-2 * std::log(next()));
    return radius * std::cos(2 * 3.14159265358979323846 * next());
  }

 private:
  std::uint64_t x_;
};

}  // namespace thalweg::monitor
