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
  const double scale = std::min(1.0, n / m);
  std::array<std::uint64_t, bins_max + 1> before{};
  std::array<std::uint64_t, bins_max + 1> now{};
  std::size_t bins = 1;  // the first is for the rare ones
  for (std::size_t i = 0; i < baseline.size(); ++i) {
    const bool rare = static_cast<double>(baseline[i]) * scale < expected_min;
    const std::size_t at = rare ? 0 : bins++;
    before[at] += baseline[i];
    now[at] += window[i];
  }
  std::size_t first = 0;
  if (static_cast<double>(before[0]) * scale < expected_min && bins > 1) {
    const auto rarest = std::min_element(before.begin() + 1, before.begin() + bins);
    *rarest += before[0];
    now[static_cast<std::size_t>(rarest - before.begin())] += now[0];
    first = 1;
  }
  const std::size_t left = bins - first;
  return {psi(std::span(before).subspan(first, left), std::span(now).subspan(first, left)), left};
}

double psi_without_drift(std::uint64_t n, std::uint64_t m, std::size_t bins, double level) {
  if (n == 0 || m == 0) return std::numeric_limits<double>::infinity();
  if (bins < 2) return 0;
  const double scale = 1.0 / static_cast<double>(n) + 1.0 / static_cast<double>(m);
  return scale * chi_squared_quantile(level, static_cast<double>(bins - 1));
}

}  // namespace thalweg::monitor
