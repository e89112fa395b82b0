// The population stability index: how far what is seen now has moved from what was seen before, bin by bin.
//
//   PSI = Σ (p_i - q_i) · ln(p_i / q_i)        q: the baseline's shares, p: the window's
//
// Source: the symmetric Kullback-Leibler divergence of Jeffreys (1946), as credit scoring uses it: Siddiqi, "Credit Risk Scorecards"
// (2006), with its 0.1 and 0.25. What it is worth without any drift depends on how much was seen: (1/n + 1/m) · χ² with B - 1
// degrees of freedom; Yurdakul, "Statistical Properties of Population Stability Index" (2018). Half a count in each bin keeps the logarithm
// finite (Krichevsky and Trofimov, 1981). χ² holds only where at least about five are expected (Cochran, Biometrics 10, 1954): rarer bins are
// counted as one, and that one, if it is still rare, with the rarest of the others. Expected is what both sides together saw, in the smaller one's size: without
// drift that says nothing about how they differ.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace thalweg::monitor {

// REQUIRES as many bins in both, two at least. 0 when one side has seen nothing.
[[nodiscard]] double psi(std::span<const std::uint64_t> baseline,
                         std::span<const std::uint64_t> window);

struct PooledPsi {
  double psi = 0;
  std::size_t bins = 0;  // that are left
  double rarity = 0;     // Σ 1/λ over these, λ what is expected in the smaller of the two
};
// The same with rare bins counted as one. REQUIRES at most 64 bins.
[[nodiscard]] PooledPsi pooled_psi(std::span<const std::uint64_t> baseline,
                                   std::span<const std::uint64_t> window);

// What the PSI stays below in `level` of all windows of n rows, compared with a baseline of m, while nothing drifts.
[[nodiscard]] double psi_without_drift(std::uint64_t n, std::uint64_t m, std::size_t bins,
                                       double level = 0.95);
// The same for these very bins. χ²'s variance is 2 for each degree of freedom; the part of a bin in which λ are expected has one of 2 + 5/(4λ), and the mean
// of χ² (Poisson counts added up for λ of 5 to 50; tests/monitor/golden/figures.py). So the distance from the mean to the quantile is stretched.
[[nodiscard]] double psi_without_drift(std::uint64_t n, std::uint64_t m, const PooledPsi& found,
                                       double level = 0.95);

}  // namespace thalweg::monitor
