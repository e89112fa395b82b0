// Baselines of rows: their cuts and counts are NumPy's (tests/monitor/golden/figures.py).
#include "monitor/baseline_maker.h"

#include <limits>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "numbers.h"
#include "scored_rows.h"

namespace thalweg::monitor {
namespace {

using testing::ElementsAre;

FieldSample thousand_and_one() {
  Numbers numbers(7);
  FieldSample sample("x", false, 5000);
  for (int i = 0; i < 1001; ++i) sample.add(numbers.next());
  return sample;
}

TEST(BaselineFigures, Cuts_are_numpys_quantiles_and_counts_those_of_its_digitize) {
  const FieldBaseline made = thousand_and_one().baseline();
  ASSERT_EQ(made.cuts.size(), 17U);
  const std::vector<double> numpys{0.0463787438563904, 0.0918747247624559, 0.145623496801417,
                                   0.194849920549826,  0.256047234989725,  0.297272838790562,
                                   0.347116193430087,  0.396723285036498,  0.453871857586257,
                                   0.521369230244946,  0.574316389194837,  0.643631654159926,
                                   0.708223421922058,  0.758285491149074,  0.814032151277192,
                                   0.865882709094269,  0.931456805174917};
  for (std::size_t i = 0; i < numpys.size(); ++i) EXPECT_NEAR(made.cuts[i], numpys[i], 1e-14);
  EXPECT_THAT(made.counts, ElementsAre(0, 0, 55, 56, 55, 56, 56, 55, 56, 55, 56, 56, 55, 56, 55, 56,
                                       56, 55, 56, 56));
}

TEST(BaselineFigures, A_category_is_counted_as_numpys_unique_does) {
  Numbers numbers(8);
  FieldSample sample("country", true, 5000);
  for (int i = 0; i < 1000; ++i) {
    const int n = static_cast<int>(17 * numbers.next() * numbers.next());
    sample.add(std::string_view("c" + std::to_string(n)));
  }
  const FieldBaseline made = sample.baseline();
  EXPECT_EQ(made.top.front(), "c0");
  EXPECT_THAT(made.counts, ElementsAre(0, 0, 0, 222, 154, 113, 89, 72, 64, 56, 56, 42, 42, 35, 15,
                                       12, 12, 9, 6, 1));
}

// With more of them than bins: what they are called is decided by rows that do not count.
TEST(BaselineFigures, Of_many_categories_one_half_chooses_the_bins_and_the_other_is_counted) {
  Numbers numbers(8);
  FieldSample sample("shop", true, 50'000);
  constexpr int rows = 20'000, shops = 200;
  for (int i = 0; i < rows; ++i)
    sample.add(std::string_view("s" + std::to_string(static_cast<int>(shops * numbers.next()))));
  const FieldBaseline made = sample.baseline();
  const auto counted = std::accumulate(made.counts.begin(), made.counts.end(), std::uint64_t{0});
  EXPECT_NEAR(static_cast<double>(counted), rows / 2.0, 300);
  EXPECT_EQ(made.top.size(), 17U);
  EXPECT_EQ(made.others.size(), shops - 17U);
  // All are alike, so the seventeen are no commoner than the others.
  const auto top = std::accumulate(made.counts.begin() + 3, made.counts.end(), std::uint64_t{0});
  EXPECT_NEAR(static_cast<double>(top) / static_cast<double>(counted), 17.0 / shops, 0.01);
  EXPECT_EQ(baseline_of({sample}).rows, static_cast<std::uint64_t>(rows));
}

TEST(BaselineFigures, Of_a_long_tail_what_is_new_in_the_other_half_is_the_share_of_the_unseen) {
  Numbers numbers(9);
  FieldSample sample("word", true, 50'000);
  for (int i = 0; i < 4000; ++i) {
    const double u = numbers.next();
    sample.add(std::string_view("w" + std::to_string(static_cast<int>(900 * u * u * u * u))));
  }
  const FieldBaseline made = sample.baseline();
  EXPECT_EQ(made.of, FieldBaseline::Of::category);
  EXPECT_GT(made.counts[outside_bin], 100U) << "a tenth of the rows or so";
}

TEST(BaselineFigures, Missing_and_infinite_numbers_have_the_bins_that_a_window_gives_them) {
  FieldSample sample("x", false, 5000);
  for (int i = 0; i < 90; ++i) sample.add(i % 3);
  for (int i = 0; i < 4; ++i) sample.add(std::numeric_limits<double>::quiet_NaN());
  for (int i = 0; i < 6; ++i) sample.add(std::numeric_limits<double>::infinity());
  EXPECT_THAT(sample.baseline().counts, ElementsAre(4, 6, 30, 30, 30));
}

TEST(BaselineFigures, Of_more_rows_than_are_kept_the_shares_stay) {
  FieldSample sample("x", false, 1000);
  for (int i = 0; i < 50'000; ++i)
    sample.add(i % 4 == 0 ? std::numeric_limits<double>::quiet_NaN() : i % 3);
  const auto counts = sample.baseline().counts;
  EXPECT_EQ(counts[missing_bin], 333U) << "a third of those that are kept, as of all";
  EXPECT_EQ(counts[2] + counts[3] + counts[4], 1000U);
  EXPECT_NEAR(static_cast<double>(counts[2]), 333, 60);
}

TEST(BaselineMaker, Hears_only_its_model_and_neither_shadow_nor_fallback) {
  BaselineMaker maker("fraud", 1000), other("else", 1000);
  ScoredRows rows(7);
  rows.fill(10, [] { return MadeRow{1, "de", 0.5F}; });
  Scored scored = rows.scored();
  maker.scored(scored);
  other.scored(scored);
  scored.role = Role::shadow;
  maker.scored(scored);
  scored.role = Role::fallback;
  maker.scored(scored);
  EXPECT_THAT(maker.versions(), ElementsAre(7));
  EXPECT_EQ(maker.baseline().rows, 10U);
  EXPECT_EQ(maker.baseline().fields.size(), 3U);
  EXPECT_TRUE(other.versions().empty());
}

}  // namespace
}  // namespace thalweg::monitor
