// Buckets: for ever the same, evenly filled, and moved by nothing but the border between two variants.
#include "model/bucket.h"

#include <cmath>
#include <string>

#include <gtest/gtest.h>

namespace thalweg {
namespace {

// Ends of variants, in buckets.
Route route_of(const std::vector<std::uint32_t>& ends) {
  Route route;
  for (const std::uint32_t end : ends)
    route.variants.push_back({.name = "", .end = end, .version = nullptr});
  return route;
}

std::size_t variant(const Route& route, int user) {
  return variant_of(route, bucket_of("salt", "user-" + std::to_string(user)));
}

// tf.strings.to_hash_bucket_fast(salt + "/" + key, 10000) of TensorFlow 2.21.
TEST(Bucket, It_is_what_another_program_computes_from_the_same_words) {
  struct Case {
    std::string salt, key;
    std::uint32_t bucket;
  };
  const Case cases[] = {{"", "", 6859},
                        {"", "user-1", 8279},
                        {"", "payments-0-42", 2242},
                        {"m", "", 2302},
                        {"m", "user-1", 2538},
                        {"m",
                         "k\xc3\xbc"
                         "che",
                         2284},
                        {"m", std::string(100, 'x'), 1800},
                        {"m", "12345", 1717},
                        {"fraud-2026", "user-1", 4456},
                        {"fraud-2026", "a", 750},
                        {"fraud-2026", "-7", 6709},
                        {"fraud-2026", std::string(100, 'x'), 789}};
  for (const Case& c : cases)
    EXPECT_EQ(bucket_of(c.salt, c.key), c.bucket) << c.salt << "/" << c.key;
}

TEST(Bucket, A_number_is_its_digits_and_a_record_without_key_is_its_id) {
  Bucketer m, plain;
  m.begin("m");
  plain.begin("");
  EXPECT_EQ(m.of(std::int64_t{12345}), 1717U);
  EXPECT_EQ(m.of(std::int64_t{-7}), 2783U);
  SourceRecord record;
  record.topic = "payments";
  record.partition = Partition{0};
  record.offset = Offset{42};
  EXPECT_EQ(plain.of(record), 2242U);
  record.key = "user-1";
  EXPECT_EQ(plain.of(record), 8279U);
  record.key = "";  // a key of no bytes is a key
  EXPECT_EQ(plain.of(record), 6859U);
}

TEST(Bucket, Each_variant_gets_its_share_of_the_keys_within_binomial_bounds) {
  constexpr int keys = 100'000;
  for (const std::uint32_t share : {1U, 100U, 1000U, 5000U, 9000U}) {
    const Route route = route_of({share, bucket_count});
    int first = 0;
    for (int i = 0; i < keys; ++i) first += variant(route, i) == 0 ? 1 : 0;
    const double p = static_cast<double>(share) / bucket_count;
    // The keys are fixed, and so is the outcome: four standard deviations.
    EXPECT_NEAR(first, keys * p, 4 * std::sqrt(keys * p * (1 - p)) + 1) << share;
  }
}

TEST(Bucket, Raising_b_from_10_to_20_percent_moves_only_keys_from_a_to_b) {
  const Route ten = route_of({9000, bucket_count});
  const Route twenty = route_of({8000, bucket_count});
  int moved = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::size_t before = variant(ten, i), after = variant(twenty, i);
    if (before == 1) {
      EXPECT_EQ(after, 1U) << "user-" << i << " went back";
    }
    moved += before != after ? 1 : 0;
  }
  EXPECT_NEAR(moved, 2000, 4 * std::sqrt(20'000 * 0.1 * 0.9));
}

TEST(Bucket, Another_salt_cuts_the_same_keys_independently) {
  int both = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::string key = "user-" + std::to_string(i);
    both += bucket_of("one", key) < 5000 && bucket_of("two", key) < 5000 ? 1 : 0;
  }
  EXPECT_NEAR(both, 5000, 4 * std::sqrt(20'000 * 0.25 * 0.75));
}

TEST(Bucket, A_variant_without_a_share_gets_nothing) {
  const Route route = route_of({0, 5000, 5000, bucket_count});
  for (int i = 0; i < 1000; ++i) {
    EXPECT_TRUE(variant(route, i) == 1 || variant(route, i) == 3);
  }
}

}  // namespace
}  // namespace thalweg
