// The figures against SciPy 1.17.1 and scikit-learn 1.9.1. The values are those that tests/monitor/golden/figures.py prints.
#include <array>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "monitor/ab_test.h"
#include "monitor/distributions.h"
#include "monitor/psi.h"
#include "monitor/quality.h"
#include "monitor/score_grid.h"
#include "numbers.h"

namespace thalweg::monitor {
namespace {

constexpr double exact = 1e-12;

Quality thousand_rows(std::size_t begin = 0, std::size_t end = 1000) {
  Numbers numbers(1);
  Quality quality;
  for (std::size_t i = 0; i < 1000; ++i) {
    const double p = std::round(numbers.next() * 100) / 100;
    const bool positive = numbers.next() < 0.2 + 0.6 * p;
    if (i >= begin && i < end) quality.add(p, positive);
  }
  return quality;
}

TEST(Quality, Equals_scikit_learn_with_many_ties) {
  const QualityFigures figures = thousand_rows().figures(0.5);
  EXPECT_EQ(figures.rows, 1000U);
  EXPECT_NEAR(*figures.auc, 0.69649230202932, exact);
  EXPECT_NEAR(*figures.log_loss, 0.805422894017826, exact);
  EXPECT_NEAR(*figures.brier, 0.2363313, exact);
  EXPECT_NEAR(*figures.calibration, 1.0034756097561, exact);
  EXPECT_NEAR(*figures.precision, 0.648915187376726, exact);
  EXPECT_NEAR(*figures.recall, 0.66869918699187, exact);
}

TEST(Quality, Two_halves_merged_are_the_whole) {
  Quality half = thousand_rows(0, 300);
  half.merge(thousand_rows(300, 1000));
  EXPECT_DOUBLE_EQ(*half.figures(0.5).auc, *thousand_rows().figures(0.5).auc);
  EXPECT_NEAR(*half.figures(0.5).log_loss, *thousand_rows().figures(0.5).log_loss, exact);
}

TEST(Quality, What_is_not_defined_is_not_given) {
  Quality quality;
  EXPECT_FALSE(quality.figures(0.5).log_loss);
  quality.add(0.3, false);
  quality.add(std::nan(""), true);
  const QualityFigures figures = quality.figures(0.5);
  EXPECT_FALSE(figures.auc);
  EXPECT_FALSE(figures.calibration);
  EXPECT_FALSE(figures.precision);
  EXPECT_FALSE(figures.recall);
  EXPECT_TRUE(figures.brier);
  EXPECT_EQ(figures.not_numbers, 1U);
  EXPECT_EQ(figures.rows, 1U);
}

TEST(Quality, A_score_of_0_that_was_wrong_costs_much_but_not_everything) {
  EXPECT_NEAR(log_loss_of(0, true), 52 * std::log(2.0), 1e-9);
}

TEST(Psi, Equals_the_two_entropies_of_scipy) {
  const std::array<std::uint64_t, 6> baseline{100, 200, 300, 250, 150, 0};
  const std::array<std::uint64_t, 6> window{80, 260, 280, 200, 175, 5};
  EXPECT_NEAR(psi(baseline, window), 0.0483413931499319, exact);
}

TEST(Psi, The_same_shares_are_no_drift_whatever_the_size) {
  const std::array<std::uint64_t, 4> baseline{1000, 3000, 6000, 0};
  const std::array<std::uint64_t, 4> window{100, 300, 600, 0};
  EXPECT_NEAR(pooled_psi(baseline, window).psi, 0, 1e-5);
  EXPECT_EQ(pooled_psi(baseline, window).bins, 3U);
}

TEST(Psi, What_was_never_seen_before_counts_even_though_its_bin_was_empty) {
  const std::array<std::uint64_t, 4> baseline{1000, 3000, 6000, 0};
  const std::array<std::uint64_t, 4> window{100, 300, 600, 500};
  EXPECT_GT(pooled_psi(baseline, window).psi, 0.25);
}

TEST(Psi, The_limit_without_drift_is_scipys_quantile_scaled) {
  EXPECT_NEAR(chi_squared_quantile(0.95, 19), 30.1435272056462, 1e-10);
  EXPECT_NEAR(chi_squared_quantile(0.99, 1), 6.63489660102121, 1e-10);
  EXPECT_NEAR(psi_without_drift(1000, 4000, 20), 30.1435272056462 * (1.0 / 1000 + 1.0 / 4000),
              1e-12);
}

struct Pair {
  double champion, challenger;
};
std::vector<Pair> two_thousand_pairs() {
  Numbers numbers(2);
  std::vector<Pair> pairs;
  for (int i = 0; i < 2000; ++i) {
    const double a = numbers.next();
    pairs.push_back({a, 0.8 * a + 0.2 * numbers.next()});
  }
  return pairs;
}

// What the limit takes them for: the mean of χ² with one degree of freedom, and 2 + 5/(4λ) as the variance.
TEST(Psi, A_bin_with_few_rows_varies_more_than_chi_squared_does) {
  for (const int expected : {5, 7, 10, 20}) {
    const int most = 8 * expected + 40;
    std::vector<double> chance;
    for (double x = std::exp(-expected); std::ssize(chance) < most;
         x *= static_cast<double>(expected) / static_cast<double>(std::ssize(chance)))
      chance.push_back(x);
    double mean = 0, squares = 0;
    for (int a = 0; a < most; ++a) {
      for (int b = 0; b < most; ++b) {
        const double part = (a - b) * std::log((a + 0.5) / (b + 0.5)) / 2;
        const double weight =
            chance[static_cast<std::size_t>(a)] * chance[static_cast<std::size_t>(b)];
        mean += weight * part;
        squares += weight * part * part;
      }
    }
    EXPECT_NEAR(mean, 1, 0.01) << expected;
    EXPECT_NEAR(squares - mean * mean, 2 + 1.25 / expected, 0.03) << expected;
  }
  // Ten bins of a hundred rows each, on both sides: a little above χ²; of five rows each: more.
  const PooledPsi wide{0, 10, 10 * 0.01}, thin{0, 10, 10 * 0.2};
  EXPECT_GT(psi_without_drift(1000, 1000, wide), psi_without_drift(1000, 1000, 10));
  EXPECT_NEAR(psi_without_drift(1000, 1000, wide) / psi_without_drift(1000, 1000, 10), 1, 0.005);
  EXPECT_NEAR(psi_without_drift(1000, 1000, thin) / psi_without_drift(1000, 1000, 10), 1.031,
              0.005);
}

TEST(ScoreGrid, Spearman_equals_scipys_of_the_cells_and_nearly_that_of_the_scores) {
  ScoreGrid grid;
  for (const Pair& p : two_thousand_pairs()) grid.add(p.champion, p.challenger);
  EXPECT_NEAR(grid.spearman(), 0.971796632342786, exact);
  EXPECT_NEAR(grid.spearman(), 0.971937107984277, 1e-3);
}

TEST(ScoreGrid, Difference_and_flips_are_right_to_a_cell) {
  ScoreGrid grid;
  for (const Pair& p : two_thousand_pairs()) grid.add(p.champion, p.challenger);
  EXPECT_NEAR(grid.mean_difference(), 0.0658587896026479, 1.0 / 64);
  EXPECT_DOUBLE_EQ(grid.flip_share(0.5), 0.0685);  // 0.5 is a border of cells: exact
}

TEST(ScoreGrid, Grids_of_two_workers_add_up_to_one) {
  ScoreGrid all, even, odd;
  bool is_even = true;
  for (const Pair& p : two_thousand_pairs()) {
    all.add(p.champion, p.challenger);
    (is_even ? even : odd).add(p.champion, p.challenger);
    is_even = !is_even;
  }
  even.merge(odd);
  EXPECT_EQ(even.rows(), 2000U);
  EXPECT_DOUBLE_EQ(even.spearman(), all.spearman());
  EXPECT_DOUBLE_EQ(even.psi(), all.psi());
}

TEST(ScoreGrid, A_challenger_that_says_nothing_is_counted_apart) {
  ScoreGrid grid;
  grid.add(0.5, std::nan(""));
  EXPECT_EQ(grid.not_numbers(), 1U);
  EXPECT_EQ(grid.rows(), 0U);
  EXPECT_EQ(grid.spearman(), 0);
  EXPECT_EQ(grid.flip_share(0.5), 0);
}

TEST(AbTest, The_ratio_check_of_rows_that_come_one_by_one_is_scipys_chisquare) {
  AbTable table(10'000);
  const auto a = table.variant("a", 5000);
  const auto b = table.variant("b", 5000);
  for (std::uint32_t i = 0; i < 5200; ++i) table.add(a, i % 5000, 0);
  for (std::uint32_t i = 0; i < 4800; ++i) table.add(b, 5000 + i % 5000, 0);
  const RatioCheck check = table.ratio(a, b, 0.001);
  EXPECT_NEAR(check.chi_squared, 16, 1e-9);
  EXPECT_NEAR(check.p, 6.33424836662399e-05, 1e-12);
  EXPECT_TRUE(check.mismatch);
  EXPECT_EQ(table.verdict(a, b).word, AbVerdict::Word::hidden);
}

TEST(AbTest, With_a_row_a_bucket_the_standard_error_is_scipys) {
  AbTable table(1000);
  const auto a = table.variant("a");
  Numbers numbers(3);
  for (std::uint32_t i = 0; i < 500; ++i) table.add(a, i, numbers.next());
  const AbArm arm = table.arm(a);
  EXPECT_NEAR(arm.mean, 0.51392137683645, exact);
  EXPECT_NEAR(arm.deviation, 0.286704052140205, exact);
  EXPECT_NEAR(arm.standard_error, 0.0128217950002028, exact);
}

TEST(AbTest, With_many_rows_a_bucket_the_standard_error_is_that_of_numpys_delta_method) {
  AbTable table(60);
  const auto a = table.variant("a");
  Numbers numbers(6);
  for (int i = 0; i < 3000; ++i) {
    const double where = numbers.next();
    const auto bucket = static_cast<std::uint32_t>(where * where * 60);
    table.add(a, bucket, numbers.next() + bucket / 60.0);
  }
  const AbArm arm = table.arm(a);
  EXPECT_NEAR(arm.mean, 0.822684378152367, exact);
  EXPECT_NEAR(arm.standard_error, 0.0594865069722552, exact);
  // Out of the sums alone, as a process adds up those of others.
  const double n = static_cast<double>(arm.rows), k = arm.buckets;
  const double residuals =
      arm.sum_squared - 2 * arm.mean * arm.rows_by_sum + arm.mean * arm.mean * arm.rows_squared;
  EXPECT_NEAR(std::sqrt(residuals * k / (k - 1)) / n, arm.standard_error, exact);
}

TEST(AbTest, The_width_of_the_interval_is_where_scipys_integral_of_the_martingale_ends) {
  EXPECT_NEAR(sequence_half_width(0.01, 400, 0.05, 10'000), 0.0509995996989744, 1e-9);
}

TEST(AbTest, Of_few_buckets_there_is_no_interval_and_no_verdict) {
  AbTable table(100);
  const auto a = table.variant("a"), b = table.variant("b");
  for (std::uint32_t i = 0; i < 49; ++i) {
    table.add(a, i, 0);
    table.add(b, 50 + i, 1);
  }
  EXPECT_EQ(table.verdict(a, b).word, AbVerdict::Word::undecided);
  EXPECT_TRUE(std::isinf(table.verdict(a, b).interval.high));
}

TEST(AbTest, Tables_of_two_processes_add_up_to_one) {
  Numbers numbers(5);
  AbTable all(100), one(100), two(100);
  for (std::uint32_t i = 0; i < 4000; ++i) {
    const std::string name = i % 100 < 50 ? "a" : "b";
    const double y = numbers.next();
    all.add(all.variant(name, 50), i % 100, y);
    AbTable& part = numbers.next() < 0.5 ? one : two;
    part.add(part.variant(name, 50), i % 100, y);
  }
  one.merge(two);
  const AbVerdict merged = one.verdict(one.variant("a"), one.variant("b"));
  const AbVerdict whole = all.verdict(all.variant("a"), all.variant("b"));
  EXPECT_NEAR(merged.difference, whole.difference, exact);
  EXPECT_NEAR(merged.interval.low, whole.interval.low, exact);
}

}  // namespace
}  // namespace thalweg::monitor
