// Numbers against the C library, which reads them with exact arithmetic.
#include "json/number.h"

#include <bit>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

#include <gtest/gtest.h>

namespace thalweg::json {
namespace {

// strtof and strtod of glibc round once, from all digits.
template <class T>
T judge(const std::string& text) {
  if constexpr (sizeof(T) == 4) return std::strtof(text.c_str(), nullptr);
  return std::strtod(text.c_str(), nullptr);
}

template <class T>
void expect_exact(const std::string& text) {
  const T expected = judge<T>(text);
  T got{};
  const NumberFault fault = parse_number(text, Grammar::loose, got);
  if (std::isinf(expected)) {
    ASSERT_EQ(fault, NumberFault::overflow) << text;
    return;
  }
  ASSERT_EQ(fault, NumberFault::none) << text;
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  ASSERT_EQ(std::bit_cast<Bits>(got), std::bit_cast<Bits>(expected))
      << text << " as " << sizeof(T) * 8 << " bits";
}

void expect_exact_both(const std::string& text) {
  expect_exact<float>(text);
  expect_exact<double>(text);
}

std::string digits(std::mt19937_64& random, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += static_cast<char>('0' + random() % 10);
  return text;
}

TEST(Numbers, Random_digits_with_random_exponents_are_the_nearest_value) {
  std::mt19937_64 random(20240611);
  for (int i = 0; i < 400'000; ++i) {
    std::string text = random() % 2 ? "-" : "";
    text += digits(random, 1 + random() % (i % 4 == 0 ? 40 : 12));
    if (random() % 2) text += "." + digits(random, 1 + random() % (i % 4 == 0 ? 40 : 12));
    if (random() % 2)
      text += "e" + std::to_string(static_cast<int>(random() % 100) - 50 -
                                   static_cast<int>(random() % 2) * 260);
    expect_exact_both(text);
    if (HasFatalFailure()) return;
  }
}

// Between two floats next to each other lies the value that is hardest to round; one digit more or less decides.
TEST(Numbers, The_middle_between_two_floats_is_rounded_right) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 100'000; ++i) {
    const auto bits = static_cast<std::uint32_t>(random() & 0x7F7FFFFF);
    const auto low = std::bit_cast<float>(bits);
    const auto high = std::bit_cast<float>(bits + 1);
    if (!std::isfinite(high)) continue;
    char middle[400];
    std::snprintf(middle, sizeof(middle), "%.200f",
                  (static_cast<double>(low) + static_cast<double>(high)) / 2);
    std::string text = middle;
    while (text.back() == '0') text.pop_back();
    expect_exact<float>(text);
    expect_exact<float>(text + "00000000000000000000000001");
    text.back() = static_cast<char>(text.back() - (text.back() > '0'));
    expect_exact<float>(text + "9999999999999999999999");
    if (HasFatalFailure()) return;
  }
}

TEST(Numbers, Doubles_that_lie_just_beside_the_middle_of_two_floats_are_not_rounded_twice) {
  std::mt19937_64 random(11);
  for (int i = 0; i < 200'000; ++i) {
    const float low =
        std::bit_cast<float>(static_cast<std::uint32_t>(0x30000000 + random() % 0x20000000));
    const double middle =
        (static_cast<double>(low) + static_cast<double>(std::nextafterf(low, INFINITY))) / 2;
    for (const int digits_count : {15, 16, 17, 18, 19, 20}) {
      char text[64];
      std::snprintf(text, sizeof(text), "%.*g", digits_count, middle);
      expect_exact<float>(text);
      if (HasFatalFailure()) return;
    }
  }
}

TEST(Numbers, Every_end_of_the_range_is_right) {
  for (const char* text : {"0",
                           "-0",
                           "0.0",
                           "-0.0",
                           "0e999999999999",
                           "1e-999999999999",
                           "1e999999999999",
                           "1.401298464324817e-45",
                           "7.006492321624085e-46",
                           "7.0064923216240853546186479164495806564013097093825788587853e-46",
                           "7.00649232162408535e-46",
                           "0.7e-45",
                           "1.1754943508222875e-38",
                           "1.17549429e-38",
                           "3.4028234663852886e38",
                           "3.4028235677973366e38",
                           "3.4028235677973367e38",
                           "3.40282356e38",
                           "1e38",
                           "1e39",
                           "4.9e-324",
                           "2.4703282292062327e-324",
                           "2.4703282292062328e-324",
                           "2.2250738585072011e-308",
                           "1.7976931348623157e308",
                           "1.7976931348623159e308",
                           "9007199254740993",
                           "16777217",
                           "16777217.0000000000000000000000001",
                           "0.1",
                           "123456789012345678901234567890",
                           "1e22",
                           "1e23",
                           "8.5070591730234615847396907784e37",
                           "0.000000000000000000000000000000000000000000001",
                           "1000000000000000000000000000000000000000000e-42"}) {
    expect_exact_both(text);
  }
  expect_exact_both("0." + std::string(400, '0') + "1e401");
  expect_exact_both(std::string(400, '9') + "e-390");
}

TEST(Numbers, What_the_grammar_of_JSON_forbids_only_the_loose_one_takes) {
  for (const char* text : {"+1", ".5", "5.", "007", "-.5", "+0.5e1", "00.5", "5.e3"}) {
    EXPECT_FALSE(is_number(text, Grammar::json)) << text;
    EXPECT_TRUE(is_number(text, Grammar::loose)) << text;
    expect_exact_both(text);
  }
  for (const char* text : {"", "-", "+", ".", "-.", "e5", "1e", "1e+", "1x", "x1", "1 ", " 1",
                           "1.2.3", "--1", "0x10", "1_000", "1,5", "\xD9\xA1"}) {
    EXPECT_FALSE(is_number(text, Grammar::json)) << text;
    EXPECT_FALSE(is_number(text, Grammar::loose)) << text;
  }
}

TEST(Numbers, NaN_and_infinity_are_told_apart_from_nonsense) {
  float value = 0;
  for (const char* text : {"nan", "NaN", "-inf", "+Infinity", "INF"}) {
    EXPECT_EQ(parse_number(text, Grammar::loose, value), NumberFault::nonfinite) << text;
    EXPECT_EQ(parse_number(text, Grammar::json, value), NumberFault::syntax) << text;
  }
  EXPECT_EQ(parse_number("nano", Grammar::loose, value), NumberFault::syntax);
}

TEST(Numbers, Integers_are_exact_or_refused) {
  const auto parse = [](const char* text, auto value) {
    const NumberFault fault = parse_number(text, Grammar::json, value);
    return std::pair(fault, fault == NumberFault::none ? static_cast<std::int64_t>(value) : 0);
  };
  using F = NumberFault;
  EXPECT_EQ(parse("9223372036854775807", std::int64_t{}),
            std::pair(F::none, std::int64_t{9223372036854775807}));
  EXPECT_EQ(parse("9223372036854775808", std::int64_t{}).first, F::overflow);
  EXPECT_EQ(parse("-9223372036854775808", std::int64_t{}),
            std::pair(F::none, std::numeric_limits<std::int64_t>::min()));
  EXPECT_EQ(parse("-9223372036854775809", std::int64_t{}).first, F::overflow);
  EXPECT_EQ(parse("12345678901234567890123", std::int64_t{}).first, F::overflow);
  EXPECT_EQ(parse("9007199254740993.000", std::int64_t{}),
            std::pair(F::none, std::int64_t{9007199254740993}));
  EXPECT_EQ(parse("1e18", std::int64_t{}), std::pair(F::none, std::int64_t{1000000000000000000}));
  EXPECT_EQ(parse("1e19", std::int64_t{}).first, F::overflow);
  EXPECT_EQ(parse("1.00000000000000000000000001", std::int64_t{}).first, F::fraction);
  EXPECT_EQ(parse("1234567890123456789.5", std::int64_t{}).first, F::fraction);
  EXPECT_EQ(parse("120e-1", std::int32_t{}), std::pair(F::none, std::int64_t{12}));
  EXPECT_EQ(parse("1e-1", std::int32_t{}).first, F::fraction);
  EXPECT_EQ(parse("0e-5", std::int32_t{}), std::pair(F::none, std::int64_t{0}));
  EXPECT_EQ(parse("-1", std::uint8_t{}).first, F::overflow);
  EXPECT_EQ(parse("255", std::uint8_t{}), std::pair(F::none, std::int64_t{255}));
}

}  // namespace
}  // namespace thalweg::json
