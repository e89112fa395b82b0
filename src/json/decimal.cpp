// See decimal.h.
#include "json/decimal.h"

namespace thalweg::json {

namespace {

// Exponents beyond these make any double 0 or infinite, whatever digits stand before them in a value of a few MiB.
constexpr std::int64_t exponent_bound = 1'000'000'000;

bool digit(const char* p, const char* end) noexcept {
  return p < end && static_cast<unsigned char>(*p - '0') < 10;
}

// Of a text up to this long every digit counts, and their sum fits whatever they are.
constexpr std::size_t short_text = 18;

const char* short_digits(const char* p, const char* end, Decimal& out) noexcept {
  std::uint64_t sum = out.digits;
  for (; digit(p, end); ++p) sum = sum * 10 + static_cast<std::uint64_t>(*p - '0');
  out.digits = sum;
  return p;
}

// Reads digits into `out`. Those behind the nineteenth only count (before the point) or are dropped (behind it).
const char* digits(const char* p, const char* end, bool behind_point, Decimal& out) noexcept {
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
  const bool is_short = text.size() <= short_text;
  const char* p = text.data();
  const char* const end = p + text.size();
  if (p < end && (*p == '-' || (loose && *p == '+'))) out.negative = *p++ == '-';

  const char* const whole = p;
  p = is_short ? short_digits(p, end, out) : digits(p, end, false, out);
  const auto whole_digits = p - whole;
  if (!loose && (whole_digits == 0 || (whole_digits > 1 && *whole == '0'))) return false;

  std::ptrdiff_t fraction_digits = 0;
  if (p < end && *p == '.') {
    const char* const fraction = ++p;
    p = is_short ? short_digits(p, end, out) : digits(p, end, true, out);
    fraction_digits = p - fraction;
    if (is_short) out.exponent = -fraction_digits;
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
