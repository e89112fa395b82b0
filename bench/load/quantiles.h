// Quantiles of all values, not of a sample or of buckets.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace thalweg::bench {

// The smallest value that at least this part of all is not above. REQUIRES that they are sorted. NaN: there are none.
inline double quantile(const std::vector<float>& sorted, double part) {
  if (sorted.empty()) return std::numeric_limits<double>::quiet_NaN();
  const auto rank = std::ceil(part * static_cast<double>(sorted.size()));
  const auto at = static_cast<std::size_t>(std::max(1.0, rank));
  return static_cast<double>(sorted[std::min(sorted.size(), at) - 1]);
}

}  // namespace thalweg::bench
