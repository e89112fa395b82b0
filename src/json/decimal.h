// A decimal number taken apart: digits × 10^exponent. What every exact conversion begins with.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "json/number.h"

namespace thalweg::json {

struct Decimal {
  std::uint64_t digits = 0;   // the first 19 significant ones
  std::int64_t exponent = 0;  // of ten
  bool negative = false;
  bool exact = true;  // no digit other than 0 was left out
};

// Checks the grammar and takes `text` apart. False: not a number.
[[nodiscard]] bool take_apart(std::string_view text, Grammar grammar, Decimal& out) noexcept;

// Powers of ten that a double holds exactly.
inline constexpr double powers_of_ten[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                           1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                           1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

// A double that is off by at most two units in its last place, as a float. False when that error could reach over the middle between
// two floats, so that only exact arithmetic can tell the nearest one. REQUIRES |value| within the normal range of float, or 0.
[[nodiscard]] inline bool round_to_float(double value, float& out) noexcept {
  // A float keeps 24 of the 53 bits; the 29 bits below decide, and the middle is a one with 28 zeros.
  constexpr std::uint64_t below = (std::uint64_t{1} << 29) - 1;
  constexpr std::uint64_t middle = std::uint64_t{1} << 28;
  constexpr std::uint64_t margin = 4;
  out = static_cast<float>(value);
  return ((std::bit_cast<std::uint64_t>(value) - middle + margin) & below) > 2 * margin;
}

}  // namespace thalweg::json
