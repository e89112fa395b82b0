// See number.h.
//
// Floats: up to 19 digits and a small exponent are one exact multiplication or division (Clinger's fast path; for float with a look at
// whether the rounding of the double could matter); the rest goes to std::from_chars, which is exact and slower.
#include "json/number.h"

#include <charconv>
#include <cmath>
#include <limits>

#include "json/decimal.h"

namespace thalweg::json {

namespace {

constexpr std::int64_t exact_power = 22;  // 10^22 is the last one that a double holds
constexpr std::uint64_t exact_digits = std::uint64_t{1}
                                       << 53;  // and 2^53 the last whole number without gaps

bool same_letters(std::string_view text, std::string_view lower) noexcept {
  if (text.size() != lower.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((text[i] | 0x20) != lower[i]) return false;
  }
  return true;
}

NumberFault not_a_number(std::string_view text, Grammar grammar) noexcept {
  if (grammar == Grammar::json) return NumberFault::syntax;
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
  for (const std::string_view name : {"nan", "inf", "infinity"}) {
    if (same_letters(text, name)) return NumberFault::nonfinite;
  }
  return NumberFault::syntax;
}

// digits × 10^exponent as a double off by at most two units in the last place; exactly rounded when digits < 2^53.
double scaled(const Decimal& decimal) noexcept {
  const auto digits = static_cast<double>(decimal.digits);
  return decimal.exponent < 0 ? digits / powers_of_ten[-decimal.exponent]
                              : digits * powers_of_ten[decimal.exponent];
}

bool in_fast_range(const Decimal& decimal) noexcept {
  return decimal.exact && decimal.exponent >= -exact_power && decimal.exponent <= exact_power;
}

template <class T>
NumberFault slowly(std::string_view text, const Decimal& decimal, T& out) noexcept {
  if (text.front() == '+') text.remove_prefix(1);
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (end != text.data() + text.size()) return NumberFault::syntax;
  if (failure == std::errc{}) return std::isfinite(out) ? NumberFault::none : NumberFault::overflow;
  if (failure != std::errc::result_out_of_range) return NumberFault::syntax;
  // from_chars says no more than "out of range"; 19 digits × 10^exponent tell the two ends apart.
  if (decimal.digits != 0 && decimal.exponent > 0) return NumberFault::overflow;
  out = decimal.negative ? T{-0.0} : T{0.0};
  return NumberFault::none;
}

template <class T>
NumberFault parse_integer(std::string_view text, Grammar grammar, T& out) noexcept {
  Decimal decimal;
  if (!take_apart(text, grammar, decimal)) return not_a_number(text, grammar);
  // More than 19 digits: a fraction that long is not whole, and a number that long does not fit.
  if (!decimal.exact) return decimal.exponent <= 0 ? NumberFault::fraction : NumberFault::overflow;
  std::uint64_t digits = decimal.digits;
  if (digits == 0) {
    out = 0;
    return NumberFault::none;
  }
  for (std::int64_t e = decimal.exponent; e < 0; ++e) {
    if (digits % 10 != 0) return NumberFault::fraction;
    digits /= 10;
  }
  constexpr auto max = static_cast<std::uint64_t>(std::numeric_limits<T>::max());
  const std::uint64_t bound = !decimal.negative                   ? max
                              : std::numeric_limits<T>::is_signed ? max + 1
                                                                  : 0;
  for (std::int64_t e = 0; e < decimal.exponent; ++e) {
    if (digits > bound / 10) return NumberFault::overflow;
    digits *= 10;
  }
  if (digits > bound) return NumberFault::overflow;
  out = static_cast<T>(decimal.negative ? 0 - digits : digits);
  return NumberFault::none;
}

}  // namespace

NumberFault parse_number(std::string_view text, Grammar grammar, float& out) noexcept {
  Decimal decimal;
  if (!take_apart(text, grammar, decimal)) return not_a_number(text, grammar);
  // Within the fast range a value other than 0 is at least 1e-22: far from float's subnormals.
  if (in_fast_range(decimal) && round_to_float(scaled(decimal), out)) {
    if (decimal.negative) out = -out;
    return std::isfinite(out) ? NumberFault::none : NumberFault::overflow;
  }
  return slowly(text, decimal, out);
}

NumberFault parse_number(std::string_view text, Grammar grammar, double& out) noexcept {
  Decimal decimal;
  if (!take_apart(text, grammar, decimal)) return not_a_number(text, grammar);
  if (in_fast_range(decimal) && decimal.digits <= exact_digits) {
    out = scaled(decimal);
    if (decimal.negative) out = -out;
    return NumberFault::none;
  }
  return slowly(text, decimal, out);
}

NumberFault parse_number(std::string_view text, Grammar grammar, std::int64_t& out) noexcept {
  return parse_integer(text, grammar, out);
}
NumberFault parse_number(std::string_view text, Grammar grammar, std::int32_t& out) noexcept {
  return parse_integer(text, grammar, out);
}
NumberFault parse_number(std::string_view text, Grammar grammar, std::uint8_t& out) noexcept {
  return parse_integer(text, grammar, out);
}

bool is_number(std::string_view text, Grammar grammar) noexcept {
  Decimal decimal;
  return take_apart(text, grammar, decimal);
}

}  // namespace thalweg::json
