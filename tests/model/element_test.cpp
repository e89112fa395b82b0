// Conversions of element types, against values known from the standards.
#include "model/element.h"

#include <bit>
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace thalweg {
namespace {

TEST(Element, Every_half_survives_the_way_to_float_and_back) {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    const float value = float_from_half(half);
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(float_from_half(half_from_float(value))));
    } else {
      ASSERT_EQ(half_from_float(value), half) << bits;
    }
  }
}

TEST(Element, Floats_round_to_the_nearest_even_half) {
  EXPECT_EQ(float_from_half(half_from_float(1.0F)), 1.0F);
  EXPECT_EQ(float_from_half(half_from_float(0.1F)), 0.0999755859375F);
  EXPECT_EQ(half_from_float(65504.0F), 0x7bff);
  EXPECT_EQ(half_from_float(65519.0F), 0x7bff);
  EXPECT_EQ(half_from_float(65520.0F), 0x7c00) << "infinity from here";
  EXPECT_EQ(half_from_float(-std::numeric_limits<float>::infinity()), 0xfc00);
  EXPECT_EQ(half_from_float(std::ldexp(1.0F, -24)), 0x0001);
  EXPECT_EQ(half_from_float(std::ldexp(1.0F, -25)), 0x0000) << "half of the smallest: to even";
  EXPECT_EQ(half_from_float(1.0F + std::ldexp(1.0F, -11)), 0x3c00) << "half-way: to even";
  EXPECT_EQ(half_from_float(1.0F + 3 * std::ldexp(1.0F, -11)), 0x3c02) << "half-way: to even";
  EXPECT_EQ(half_from_float(-0.0F), 0x8000);
}

TEST(Element, Bfloat16_is_the_upper_half_of_a_float_rounded) {
  EXPECT_EQ(float_from_bfloat16(0x3f80), 1.0F);
  EXPECT_EQ(bfloat16_from_float(1.0F + std::ldexp(1.0F, -8)), 0x3f80) << "half-way: to even";
  EXPECT_EQ(bfloat16_from_float(1.0F + 3 * std::ldexp(1.0F, -8)), 0x3f82) << "half-way: to even";
  EXPECT_TRUE(
      std::isnan(float_from_bfloat16(bfloat16_from_float(std::bit_cast<float>(0x7f800001U)))));
  EXPECT_TRUE(
      std::isinf(float_from_bfloat16(bfloat16_from_float(std::numeric_limits<float>::max()))));
}

TEST(Element, A_number_that_does_not_fit_a_narrow_integer_is_the_inputs_fault) {
  const std::int32_t numbers[] = {-128, 127, 128};
  std::int8_t out[3] = {};
  EXPECT_TRUE(narrow(Element::int8, numbers, 2, out).ok());
  EXPECT_EQ(out[0], -128);
  const auto status = narrow(Element::int8, numbers, 3, out);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code(), Code::invalid_model_input);
  EXPECT_NE(status.error().message().find("128"), std::string::npos);
}

TEST(Element, Narrow_integers_come_out_as_they_were) {
  const std::uint32_t numbers[] = {0, 4294967295U};
  std::int64_t out[2] = {};
  widen(Element::uint32, numbers, 2, out);
  EXPECT_EQ(out[1], 4294967295LL);
  EXPECT_EQ(shown_as(Element::uint32), DType::int64);
  EXPECT_EQ(shown_as(Element::half), DType::float32);
}

}  // namespace
}  // namespace thalweg
