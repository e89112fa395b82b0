// Figures that promise a rate of false alarms, held against thousands of made-up streams from seeds.
#include <cmath>
#include <functional>
#include <numeric>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "monitor/ab_test.h"
#include "monitor/bins.h"
#include "monitor/field_sample.h"
#include "monitor/psi.h"
#include "numbers.h"

namespace thalweg::monitor {
namespace {

// A rate of one in twenty, seen in so many trials: no more than this in nineteen of twenty tests.
double one_in_twenty(int trials) {
  return 0.05 + 1.645 * std::sqrt(0.05 * 0.95 / trials);
}

// Bins by their shares, to 1/4096.
class Draws {
 public:
  Draws(const std::vector<double>& shares, std::uint64_t seed)
      : bins_(shares.size()), numbers_(seed) {
    double until = 0;
    for (std::size_t bin = 0; bin < bins_; ++bin) {
      until += shares[bin];
      while (static_cast<double>(places_.size()) < std::round(4096 * until)) places_.push_back(bin);
    }
  }
  std::vector<std::uint64_t> counts(int rows) {
    std::vector<std::uint64_t> counts(bins_);
    const auto places = static_cast<double>(places_.size());
    for (int i = 0; i < rows; ++i)
      ++counts[places_[static_cast<std::size_t>(places * numbers_.next())]];
    return counts;
  }

 private:
  std::size_t bins_;
  Numbers numbers_;
  std::vector<std::size_t> places_;
};

constexpr int trials = 4000;

double share_above_limit(const std::vector<double>& shares, int m, int n, std::uint64_t seed) {
  Draws draws(shares, seed);
  int above = 0;
  for (int trial = 0; trial < trials; ++trial) {
    const auto baseline = draws.counts(m);
    const auto window = draws.counts(n);
    const PooledPsi found = pooled_psi(baseline, window);
    const double limit =
        psi_without_drift(static_cast<std::uint64_t>(n), static_cast<std::uint64_t>(m), found);
    above += found.psi > limit ? 1 : 0;
  }
  return static_cast<double>(above) / trials;
}

TEST(PsiSimulated, The_limit_without_drift_is_passed_by_one_window_in_twenty_at_most) {
  const std::vector<double> ten(10, 0.1), eighteen(18, 1.0 / 18);
  for (const double share :
       {share_above_limit(ten, 5000, 1000, 11), share_above_limit(ten, 1000, 1000, 12),
        share_above_limit(eighteen, 5000, 1000, 13), share_above_limit(ten, 1000, 5000, 14)}) {
    EXPECT_LE(share, one_in_twenty(trials));
    EXPECT_GE(share, 0.035) << "or it would miss what has drifted";
  }
}

TEST(PsiSimulated, Bins_that_are_all_but_empty_raise_no_more_alarms) {
  const std::vector<double> skewed{0.9, 0.05, 0.03, 0.015, 0.004, 0.001, 0, 0};
  EXPECT_LE(share_above_limit(skewed, 5000, 1000, 15), one_in_twenty(trials));
  EXPECT_LE(share_above_limit(skewed, 1000, 1000, 16), one_in_twenty(trials));
  // Just above where they are put together.
  const std::vector<double> thin{0.9, 0.02, 0.02, 0.01, 0.01, 0.01, 0.01, 0.01, 0.01};
  EXPECT_LE(share_above_limit(thin, 5000, 1000, 17), one_in_twenty(trials));
}

// Through a baseline as it is made, with more categories than bins: the commonest are chosen by chance, and some are in no baseline.
double share_above_limit(const std::function<int(Numbers&)>& category, int baselines,
                         std::uint64_t seed) {
  Numbers numbers(seed);
  int above = 0;
  for (int trial = 0; trial < baselines; ++trial) {
    FieldSample sample("shop", true, 5000);
    for (int i = 0; i < 5000; ++i) sample.add(std::string_view(std::to_string(category(numbers))));
    const FieldBaseline baseline = sample.baseline();
    const Bins bins(baseline);
    std::vector<std::uint64_t> window(baseline.bins());
    for (int i = 0; i < 1000; ++i) ++window[bins.of_text(std::to_string(category(numbers)))];
    const auto m =
        std::accumulate(baseline.counts.begin(), baseline.counts.end(), std::uint64_t{0});
    const PooledPsi found = pooled_psi(baseline.counts, window);
    above += found.psi > psi_without_drift(1000, m, found) ? 1 : 0;
  }
  return static_cast<double>(above) / baselines;
}

TEST(PsiSimulated, Many_categories_that_are_alike_raise_no_more_alarms) {
  constexpr int baselines = 1000;
  const auto alike = [](Numbers& numbers) { return static_cast<int>(200 * numbers.next()); };
  EXPECT_LE(share_above_limit(alike, baselines, 21), one_in_twenty(baselines));
}

TEST(PsiSimulated, A_long_tail_of_categories_raises_no_more_alarms) {
  constexpr int baselines = 1000;
  const auto tail = [](Numbers& numbers) {
    const double u = numbers.next();
    return static_cast<int>(900 * u * u * u * u);
  };
  EXPECT_LE(share_above_limit(tail, baselines, 22), one_in_twenty(baselines));
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
