// The latencies that a round reports are quantiles of all records, the nearest rank, without anything in between made up.
#include "bench/load/quantiles.h"

#include <numeric>

#include <gtest/gtest.h>

namespace thalweg::bench {
namespace {

std::vector<float> one_to(std::size_t count) {
  std::vector<float> values(count);
  std::iota(values.begin(), values.end(), 1.F);
  return values;
}

TEST(Quantiles, Of_a_thousand_values_p99_is_the_990th_and_p999_the_999th) {
  const auto values = one_to(1000);
  EXPECT_EQ(quantile(values, .5), 500);
  EXPECT_EQ(quantile(values, .99), 990);
  EXPECT_EQ(quantile(values, .999), 999);
  EXPECT_EQ(quantile(values, 1), 1000);
}

TEST(Quantiles, Round_up_so_that_no_slow_record_is_left_out) {
  EXPECT_EQ(quantile(one_to(10), .99), 10);
  EXPECT_EQ(quantile(one_to(101), .99), 100);
  EXPECT_EQ(quantile(one_to(3), .5), 2);
}

TEST(Quantiles, Of_one_value_are_that_value_and_of_none_no_number) {
  EXPECT_EQ(quantile({7.F}, 0), 7);
  EXPECT_EQ(quantile({7.F}, .999), 7);
  EXPECT_TRUE(std::isnan(quantile({}, .5)));
}

}  // namespace
}  // namespace thalweg::bench
