// The bins of a field, made for looking values up: which of at most 20 a value falls into. Nothing is allocated after construction.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "monitor/baseline.h"

namespace thalweg::monitor {

class Bins {
 public:
  explicit Bins(const FieldBaseline& baseline);

  [[nodiscard]] FieldBaseline::Of of() const noexcept { return of_; }
  [[nodiscard]] std::size_t count() const noexcept { return count_; }

  // REQUIRES of() number or length.
  [[nodiscard]] std::size_t of_number(double x) const noexcept {
    if (std::isnan(x)) return missing_bin;
    if (x < low_ || x > high_) return outside_bin;
    std::size_t reached = 0;
    for (const double cut : cuts_) reached += x >= cut ? 1 : 0;  // the unused ones are infinite
    return 2 + reached;
  }
  // REQUIRES of() category or length.
  [[nodiscard]] std::size_t of_text(std::string_view text) const noexcept {
    if (text.empty()) return missing_bin;
    if (of_ == FieldBaseline::Of::length) return of_number(static_cast<double>(text.size()));
    const std::size_t hash = std::hash<std::string_view>{}(text) | 1;  // 0 is an empty place
    for (std::size_t at = hash & mask_;; at = (at + 1) & mask_) {
      if (table_[at].hash == hash) return table_[at].bin;
      if (table_[at].hash == 0) return outside_bin;
    }
  }

 private:
  struct Place {
    std::size_t hash = 0;
    std::uint8_t bin = 0;
  };
  void put(std::string_view text, std::size_t bin);

  FieldBaseline::Of of_;
  std::size_t count_;
  double low_, high_;
  std::array<double, bins_max> cuts_;
  std::vector<Place> table_;
  std::size_t mask_ = 0;
};

}  // namespace thalweg::monitor
