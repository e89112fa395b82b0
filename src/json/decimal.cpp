// See decimal.h.
#include "json/decimal.h"

#include <algorithm>

namespace thalweg::json {

namespace {

// Exponents beyond these make any double 0 or infinite, whatever digits stand before them in a value of a few MiB.
constexpr std::int64_t exponent_bound = 1'000'000'000;

bool digit(const char* p, const char* end) noexcept {
  return p < end && static_cast<unsigned char>(*p - '0') < 10;
}

// Reads digits into `out`. Those behind the nineteenth only count (before the point) or are dropped (behind it). `before`: how many
// digits there were already.
const char* digits(const char* p, const char* end, std::ptrdiff_t before, bool behind_point,
                   Decimal& out) noexcept {
  // The first eighteen fit whatever they are: nothing to ask of each.
  const char* const begin = p;
  const char* const safe = p + std::clamp<std::ptrdiff_t>(18 - before, 0, end - p);
  std::uint64_t sum = out.digits;
  for (; digit(p, safe); ++p) sum = sum * 10 + static_cast<std::uint64_t>(*p - '0');
  out.digits = sum;
  if (behind_point) out.exponent -= p - begin;
  for (; digit(p, end); ++p) {
    const auto value = static_cast<std::uint64_t>(*p - '0');
    if (out.digits < 1'000'000'000'000'000'000U) {
      out.digits = out.digits * 10 + value;
      if (behind_point) --out.exponent;
    } else {
      if (value != 0) out.exact = false;
      if (!behind_point) ++out.exponent;
    }
  }
  return p;
}

// "e-12" at p. Null: no digits behind the e.
const char* exponent(const char* p, const char* end, Decimal& out) noexcept {
  ++p;
  bool negative = false;
  if (p < end && (*p == '+' || *p == '-')) negative = *p++ == '-';
  if (!digit(p, end)) return nullptr;
  std::int64_t value = 0;
  for (; digit(p, end); ++p) {
    if (value < exponent_bound) value = value * 10 + (*p - '0');
  }
  out.exponent += negative ? -value : value;
  return p;
}

}  // namespace

bool take_apart(std::string_view text, Grammar grammar, Decimal& out) noexcept {
  const bool loose = grammar == Grammar::loose;
  const char* p = text.data();
  const char* const end = p + text.size();
  if (p < end && (*p == '-' || (loose && *p == '+'))) out.negative = *p++ == '-';

  const char* const whole = p;
  p = digits(p, end, 0, false, out);
  const auto whole_digits = p - whole;
  if (!loose && (whole_digits == 0 || (whole_digits > 1 && *whole == '0'))) return false;

  std::ptrdiff_t fraction_digits = 0;
  if (p < end && *p == '.') {
    const char* const fraction = ++p;
    p = digits(p, end, whole_digits, true, out);
    fraction_digits = p - fraction;
    if (!loose && fraction_digits == 0) return false;
  }
  if (whole_digits + fraction_digits == 0) return false;
  if (p < end && (*p == 'e' || *p == 'E')) {
    p = exponent(p, end, out);
    if (p == nullptr) return false;
  }
  return p == end;
}

}  // namespace thalweg::json
