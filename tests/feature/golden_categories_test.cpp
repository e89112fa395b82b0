// Category steps against Keras and scikit-learn.
#include <gtest/gtest.h>

#include "feature/support/golden.h"

namespace thalweg::feature_test {
namespace {

using simdjson::dom::object;
using Names = std::vector<std::pair<std::string, std::string>>;

const Names vocabulary_is_words = {{"vocabulary", "words"}};

TEST(GoldenCategories, Vocabulary_equals_Keras_StringLookup) {
  EXPECT_EQ(
      check_golden({.file = "vocabulary", .step = "vocabulary", .names = vocabulary_is_words}), 15);
}

TEST(GoldenCategories, Vocabulary_of_numbers_equals_Keras_IntegerLookup) {
  EXPECT_EQ(
      check_golden(
          {.file = "vocabulary_integers", .step = "vocabulary", .names = vocabulary_is_words}),
      8);
}

TEST(GoldenCategories, Hash_buckets_equal_Keras_Hashing_for_every_length_and_dtype) {
  EXPECT_EQ(check_golden({.file = "hash_buckets", .step = "hash_buckets"}), 14);
  EXPECT_EQ(
      check_golden({.file = "farmhash", .step = "hash_buckets", .names = {{"modulus", "buckets"}}}),
      2);
}

TEST(GoldenCategories, Hash_buckets_with_a_salt_equal_Keras_Hashing) {
  EXPECT_EQ(check_golden({.file = "hash_buckets_salt", .step = "hash_buckets"}), 6);
}

TEST(GoldenCategories, One_hot_equals_Keras_CategoryEncoding) {
  EXPECT_EQ(check_golden({.file = "one_hot", .step = "one_hot"}), 9);
}

TEST(GoldenCategories, One_hot_of_words_equals_scikit_learns_OneHotEncoder) {
  EXPECT_EQ(
      check_golden({.file = "one_hot_words", .step = "one_hot", .names = vocabulary_is_words}), 2);
}

TEST(GoldenCategories, One_hot_of_words_equals_Keras_StringLookup) {
  EXPECT_EQ(
      check_golden({.file = "one_hot_lookup", .step = "one_hot", .names = vocabulary_is_words}), 2);
}

TEST(GoldenCategories, Multi_hot_equals_Keras) {
  EXPECT_EQ(check_golden({.file = "multi_hot", .step = "multi_hot"}), 4);
  EXPECT_EQ(
      check_golden({.file = "multi_hot_words", .step = "multi_hot", .names = vocabulary_is_words}),
      4);
}

TEST(GoldenCategories, Count_equals_Keras) {
  const auto unweighted = [](object params, Node&) {
    return params["weights"].error() != simdjson::SUCCESS;
  };
  EXPECT_EQ(check_golden({.file = "count", .step = "count", .adjust = unweighted}), 4);
  EXPECT_EQ(check_golden({.file = "count_words", .step = "count", .names = vocabulary_is_words}),
            4);
}

TEST(GoldenCategories, Count_with_weights_equals_Keras) {
  Bench bench("{ids: \"int64[3]\", weights: \"float32[3]\"}",
              "{y: {count: [ids, weights], depth: 5}}");
  ASSERT_TRUE(bench.bound()) << bench.error();
  bench.feed(0, "[[0, 1, 1], [4, 4, 0]]").feed(1, "[[0.5, 2.0, 0.25], [1.0, -1.0, 3.0]]");
  const Column& out = *bench.run()[0];
  EXPECT_EQ(row_json(out, 0), "[0.5,2.25,0,0,0]");
  EXPECT_EQ(row_json(out, 1), "[3,0,0,0,0]");
}

}  // namespace
}  // namespace thalweg::feature_test
