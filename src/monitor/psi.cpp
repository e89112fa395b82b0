#include "monitor/psi.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <limits>
#include <numeric>

#include "monitor/distributions.h"

namespace thalweg::monitor {

namespace {

constexpr double expected_min = 5;
constexpr std::size_t bins_max = 64;

double total_of(std::span<const std::uint64_t> counts) {
  return static_cast<double>(std::accumulate(counts.begin(), counts.end(), std::uint64_t{0}));
}

}  // namespace

double psi(std::span<const std::uint64_t> baseline, std::span<const std::uint64_t> window) {
  assert(baseline.size() == window.size());
  const double m = total_of(baseline);
  const double n = total_of(window);
  if (m == 0 || n == 0) return 0;
  const double prior = 0.5 * static_cast<double>(baseline.size());
  double total = 0;
  for (std::size_t i = 0; i < baseline.size(); ++i) {
    const double q = (static_cast<double>(baseline[i]) + 0.5) / (m + prior);
    const double p = (static_cast<double>(window[i]) + 0.5) / (n + prior);
    total += (p - q) * std::log(p / q);
  }
  return total;
}

PooledPsi pooled_psi(std::span<const std::uint64_t> baseline,
                     std::span<const std::uint64_t> window) {
  assert(baseline.size() == window.size() && baseline.size() <= bins_max);
  const double m = total_of(baseline);
  const double n = total_of(window);
  if (m == 0 || n == 0) return {};
  // What both saw together says what is expected in the smaller one. The baseline's count alone would not do: of bins that are alike those that it saw
  // less often than they deserve would be put together, and the others kept.
  const double scale = std::min(m, n) / (m + n);
  std::array<std::uint64_t, bins_max + 1> before{};
  std::array<std::uint64_t, bins_max + 1> now{};
  const auto expected = [&](std::size_t bin) {
    return static_cast<double>(before[bin] + now[bin]) * scale;
  };
  std::size_t bins = 1;  // the first is for the rare ones
  for (std::size_t i = 0; i < baseline.size(); ++i) {
    const bool rare = static_cast<double>(baseline[i] + window[i]) * scale < expected_min;
    const std::size_t at = rare ? 0 : bins++;
    before[at] += baseline[i];
    now[at] += window[i];
  }
  std::size_t first = 0;
  if (expected(0) < expected_min && bins > 1) {
    std::size_t rarest = 1;
    for (std::size_t bin = 2; bin < bins; ++bin)
      if (expected(bin) < expected(rarest)) rarest = bin;
    before[rarest] += before[0];
    now[rarest] += now[0];
    first = 1;
  }
  const std::size_t left = bins - first;
  double rarity = 0;
  for (std::size_t bin = first; bin < bins; ++bin)
    rarity += expected(bin) > 0 ? 1 / expected(bin) : 0;
  return {psi(std::span(before).subspan(first, left), std::span(now).subspan(first, left)), left,
          rarity};
}

double psi_without_drift(std::uint64_t n, std::uint64_t m, std::size_t bins, double level) {
  if (n == 0 || m == 0) return std::numeric_limits<double>::infinity();
  if (bins < 2) return 0;
  const double scale = 1.0 / static_cast<double>(n) + 1.0 / static_cast<double>(m);
  return scale * chi_squared_quantile(level, static_cast<double>(bins - 1));
}

double psi_without_drift(std::uint64_t n, std::uint64_t m, const PooledPsi& found, double level) {
  const double limit = psi_without_drift(n, m, found.bins, level);
  if (n == 0 || m == 0 || found.bins < 2) return limit;
  const auto degrees = static_cast<double>(found.bins - 1);
  const double mean = (1.0 / static_cast<double>(n) + 1.0 / static_cast<double>(m)) * degrees;
  return mean + (limit - mean) * std::sqrt(1 + 1.25 * found.rarity / (2 * degrees));
}

}  // namespace thalweg::monitor
