// Numeric steps against scikit-learn, numpy and Keras.
#include <gtest/gtest.h>

#include "feature/support/golden.h"

namespace thalweg::feature_test {
namespace {

using simdjson::dom::object;

TEST(GoldenNumbers, Standardise_equals_scikit_learns_StandardScaler) {
  EXPECT_EQ(check_golden({.file = "standardise", .step = "standardise"}), 8);
}

TEST(GoldenNumbers, Standardise_with_a_variance_equals_Keras_Normalization) {
  EXPECT_EQ(check_golden({.file = "normalization_keras", .step = "standardise"}), 3);
}

TEST(GoldenNumbers, Min_max_equals_scikit_learns_MinMaxScaler) {
  EXPECT_EQ(
      check_golden(
          {.file = "min_max",
           .step = "min_max",
           // The golden's `min` and `scale` are the fitted line; ours are fitted from the data's range.
           .names = {{"scale", ""}, {"min", ""}, {"data_min", "min"}, {"data_max", "max"}},
           .adjust =
               [](object params, Node& settings) {
                 settings.set("min", node_from(params["data_min"].value()));
                 return true;
               }}),
      12);
}

TEST(GoldenNumbers, Log1p_equals_numpy_to_two_units_in_the_last_place) {
  EXPECT_EQ(check_golden({.file = "log1p", .step = "log1p", .ulps = 2}), 2);
}

TEST(GoldenNumbers, Clip_equals_numpy) {
  EXPECT_EQ(check_golden({.file = "clip", .step = "clip"}), 11);
}

TEST(GoldenNumbers, Bucketize_in_float64_equals_numpy_digitize) {
  EXPECT_EQ(check_golden({.file = "bucketize",
                          .step = "bucketize",
                          .adjust =
                              [](object, Node& settings) {
                                settings.set("precision", Node::scalar("float64"));
                                return true;
                              }}),
            12);
}

TEST(GoldenNumbers, Bucketize_equals_Keras_Discretization) {
  EXPECT_EQ(check_golden({.file = "bucketize_keras", .step = "bucketize"}), 12);
}

}  // namespace
}  // namespace thalweg::feature_test
