// Figures that promise a rate of false alarms, held against thousands of made-up streams from seeds.
#include <array>
#include <vector>

#include <gtest/gtest.h>

#include "monitor/ab_test.h"
#include "monitor/psi.h"
#include "numbers.h"

namespace thalweg::monitor {
namespace {

std::vector<std::uint64_t> draw(Numbers& numbers, const std::vector<double>& shares, int rows) {
  std::vector<std::uint64_t> counts(shares.size());
  for (int i = 0; i < rows; ++i) {
    double at = numbers.next();
    std::size_t bin = 0;
    while (bin + 1 < shares.size() && at >= shares[bin]) at -= shares[bin++];
    ++counts[bin];
  }
  return counts;
}

double share_above_limit(const std::vector<double>& shares, int m, int n, std::uint64_t seed) {
  Numbers numbers(seed);
  int above = 0;
  constexpr int trials = 1000;
  for (int trial = 0; trial < trials; ++trial) {
    const auto baseline = draw(numbers, shares, m);
    const auto window = draw(numbers, shares, n);
    const PooledPsi found = pooled_psi(baseline, window);
    const double limit =
        psi_without_drift(static_cast<std::uint64_t>(n), static_cast<std::uint64_t>(m), found.bins);
    above += found.psi > limit ? 1 : 0;
  }
  return static_cast<double>(above) / trials;
}

TEST(PsiSimulated, The_limit_without_drift_is_passed_by_one_window_in_twenty) {
  const std::vector<double> even(10, 0.1);
  EXPECT_NEAR(share_above_limit(even, 5000, 1000, 11), 0.05, 0.025);
  EXPECT_NEAR(share_above_limit(even, 1000, 1000, 12), 0.05, 0.025);
}

TEST(PsiSimulated, Bins_that_are_all_but_empty_raise_no_more_alarms) {
  const std::vector<double> skewed{0.9, 0.05, 0.03, 0.015, 0.004, 0.001, 0, 0};
  EXPECT_LE(share_above_limit(skewed, 5000, 1000, 13), 0.07);
  EXPECT_LE(share_above_limit(skewed, 100'000, 1000, 14), 0.07);
}

// Buckets that differ from each other for good, rows that come one after the other, and somebody who looks after every 50.
bool ever_decided(std::uint64_t seed, double effect, int rows) {
  Numbers numbers(seed);
  constexpr std::uint32_t buckets = 400;
  std::vector<double> level(buckets);
  for (double& x : level) x = 0.2 * numbers.normal();
  AbTable table(buckets);
  const auto a = table.variant("a", buckets / 2);
  const auto b = table.variant("b", buckets / 2);
  for (int i = 0; i < rows; ++i) {
    const auto bucket = static_cast<std::uint32_t>(numbers.next() * buckets);
    const bool in_b = bucket >= buckets / 2;
    table.add(in_b ? b : a, bucket, level[bucket] + numbers.normal() + (in_b ? effect : 0));
    if (i % 50 != 0) continue;
    const auto word = table.verdict(a, b).word;
    if (word == AbVerdict::Word::a_larger || word == AbVerdict::Word::b_larger) return true;
  }
  return false;
}

TEST(AbSimulated, Looking_a_hundred_times_decides_wrongly_in_less_than_one_of_twenty) {
  int wrong = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) wrong += ever_decided(seed, 0, 5000) ? 1 : 0;
  EXPECT_LE(wrong, 10);
}

TEST(AbSimulated, A_difference_that_is_there_is_found) {
  int found = 0;
  for (std::uint64_t seed = 1; seed <= 50; ++seed)
    found += ever_decided(seed, 0.25, 10'000) ? 1 : 0;
  EXPECT_GE(found, 48);
}

TEST(AbSimulated, Keys_with_many_rows_are_no_ratio_mismatch) {
  int alarms = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Numbers numbers(seed);
    AbTable table(1000);
    const auto a = table.variant("a", 500);
    const auto b = table.variant("b", 500);
    for (int key = 0; key < 3000; ++key) {
      const auto bucket = static_cast<std::uint32_t>(numbers.next() * 1000);
      const int rows = 1 + static_cast<int>(20 * numbers.next());
      for (int i = 0; i < rows; ++i) table.add(bucket < 500 ? a : b, bucket, 1);
    }
    alarms += table.ratio(a, b, 0.001).mismatch ? 1 : 0;
  }
  EXPECT_LE(alarms, 2);
}

TEST(AbSimulated, A_variant_that_loses_a_tenth_of_its_rows_hides_the_verdict) {
  Numbers numbers(9);
  AbTable table(1000);
  const auto a = table.variant("a", 500);
  const auto b = table.variant("b", 500);
  for (int i = 0; i < 50'000; ++i) {
    const auto bucket = static_cast<std::uint32_t>(numbers.next() * 1000);
    if (bucket >= 500 && numbers.next() < 0.1) continue;
    table.add(bucket < 500 ? a : b, bucket, bucket < 500 ? 0.0 : 1.0);
  }
  EXPECT_EQ(table.verdict(a, b).word, AbVerdict::Word::hidden);
}

}  // namespace
}  // namespace thalweg::monitor
