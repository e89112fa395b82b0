// Many numbers in one text, "0.123,0.4567,…,": read at a few nanoseconds each, and exactly (json/number.h says what that means).
//
// Nearly all numbers in such texts are "d.ddd…": one digit, a point, up to sixteen digits. These are recognised and converted sixteen
// bytes at a time and without a loop, counted back from their end, so that no number waits for the length of the one before; floats of a
// list four at a time (four_numbers.h). Everything else takes the general way.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "json/decimal.h"
#include "json/number.h"

namespace thalweg::decode {

namespace detail {

inline constexpr std::uint64_t whole_powers[] = {1U,
                                                 10U,
                                                 100U,
                                                 1'000U,
                                                 10'000U,
                                                 100'000U,
                                                 1'000'000U,
                                                 10'000'000U,
                                                 100'000'000U,
                                                 1'000'000'000U,
                                                 10'000'000'000U,
                                                 100'000'000'000U,
                                                 1'000'000'000'000U,
                                                 10'000'000'000'000U,
                                                 100'000'000'000'000U,
                                                 1'000'000'000'000'000U,
                                                 10'000'000'000'000'000U,
                                                 100'000'000'000'000'000U,
                                                 1'000'000'000'000'000'000U};

#if defined(__SSE2__)
// 16 zeros, then 16 ones: read from place n it masks all but the last n bytes.
alignas(32) inline constexpr unsigned char last_bytes[32] = {
    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,
    0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};

// The last `count` (0..16) bytes before `end`, less '0'; 0 before them. REQUIRES 16 readable bytes before `end`.
inline __m128i last_digits(const char* end, std::size_t count) noexcept {
  const __m128i text = _mm_loadu_si128(reinterpret_cast<const __m128i*>(end - 16));
  const __m128i mask = _mm_loadu_si128(reinterpret_cast<const __m128i*>(last_bytes + count));
  return _mm_and_si128(_mm_sub_epi8(text, _mm_set1_epi8('0')), mask);
}

inline bool all_digits(__m128i digits) noexcept {
  const __m128i nine = _mm_set1_epi8(9);
  return _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_max_epu8(digits, nine), nine)) == 0xFFFF;
}

// 16 digits → 8 pairs → 4 fours. The byte at the lower address is the higher digit.
inline __m128i fours(__m128i digits) noexcept {
  const __m128i high =
      _mm_mullo_epi16(_mm_and_si128(digits, _mm_set1_epi16(0xFF)), _mm_set1_epi16(10));
  const __m128i pairs = _mm_add_epi16(high, _mm_srli_epi16(digits, 8));
  return _mm_madd_epi16(pairs, _mm_set1_epi32(1 << 16 | 100));
}

// The fours of two numbers → two eights of each.
inline __m128i eights(__m128i first, __m128i second) noexcept {
  return _mm_madd_epi16(_mm_packs_epi32(first, second), _mm_set1_epi32(1 << 16 | 10000));
}

// The last `count` (1..16) bytes before `end` as a number. False: they are not all digits. REQUIRES 16 readable bytes before `end`.
inline bool digits_before(const char* end, std::size_t count, std::uint64_t& out) noexcept {
  const __m128i digits = last_digits(end, count);
  if (!all_digits(digits)) return false;
  const __m128i four = fours(digits);
  const auto both = static_cast<std::uint64_t>(_mm_cvtsi128_si64(eights(four, four)));
  out = (both & 0xFFFFFFFFU) * 100'000'000U + (both >> 32);
  return true;
}
#else
inline bool digits_before(const char* end, std::size_t count, std::uint64_t& out) noexcept {
  std::uint64_t value = 0;
  for (const char* p = end - count; p < end; ++p) {
    const auto digit = static_cast<unsigned char>(*p - '0');
    if (digit > 9) return false;
    value = value * 10 + digit;
  }
  out = value;
  return true;
}
#endif

// The same for 17 or 18 bytes.
inline bool digits_before_long(const char* end, std::size_t count, std::uint64_t& out) noexcept {
  std::uint64_t first = 0;
  for (const char* p = end - count; p < end - 16; ++p) {
    const auto digit = static_cast<unsigned char>(*p - '0');
    if (digit > 9) return false;
    first = first * 10 + digit;
  }
  if (!digits_before(end, 16, out)) return false;
  out += first * whole_powers[16];
  return true;
}

inline bool divide_exactly(std::uint64_t digits, std::size_t places, float& out) noexcept {
  return json::round_to_float(static_cast<double>(digits) / json::powers_of_ten[places], out);
}
inline bool divide_exactly(std::uint64_t digits, std::size_t places, double& out) noexcept {
  out = static_cast<double>(digits) / json::powers_of_ten[places];
  return digits <= std::uint64_t{1} << 53;
}

}  // namespace detail

// "[-]d.d…" in [begin, end). False: something else, or too close to call; ask json::parse_number. `readable`: nothing before it is read.
template <class Float>
inline bool parse_quickly(const char* begin, const char* end, const char* readable,
                          Float& out) noexcept {
  if (end - readable < 16 || end - begin < 3) return false;
  const bool negative = *begin == '-';
  const char* const whole = begin + negative;
  const auto digit = static_cast<unsigned char>(*whole - '0');
  const auto places = static_cast<std::size_t>(end - whole) - 2;
  if (places - 1 > 17 || whole[1] != '.' || digit > 9) return false;
  std::uint64_t fraction = 0;
  if (places <= 16) {
    if (!detail::digits_before(end, places, fraction)) return false;
  } else if (!detail::digits_before_long(end, places, fraction)) {  // as Python prints a double
    return false;
  }
  if (!detail::divide_exactly(digit * detail::whole_powers[places] + fraction, places, out))
    return false;
  out = negative ? -out : out;
  return true;
}
inline bool parse_quickly(const char* begin, const char* end, const char*,
                          std::int64_t& out) noexcept {
  const auto length = static_cast<std::size_t>(end - begin);
  if (length - 1 > 17 || (*begin == '0' && length > 1)) return false;
  std::int64_t value = 0;
  for (const char* p = begin; p < end; ++p) {
    const auto digit = static_cast<unsigned char>(*p - '0');
    if (digit > 9) return false;
    value = value * 10 + digit;
  }
  out = value;
  return true;
}
template <class Int>
inline bool parse_quickly_narrow(const char* begin, const char* end, Int& out) noexcept {
  std::int64_t wide = 0;
  if (!parse_quickly(begin, end, begin, wide) || wide != static_cast<Int>(wide)) return false;
  out = static_cast<Int>(wide);
  return true;
}
inline bool parse_quickly(const char* begin, const char* end, const char*,
                          std::int32_t& out) noexcept {
  return parse_quickly_narrow(begin, end, out);
}
inline bool parse_quickly(const char* begin, const char* end, const char*,
                          std::uint8_t& out) noexcept {
  return parse_quickly_narrow(begin, end, out);
}

struct ListOutcome {
  json::NumberFault fault = json::NumberFault::none;
  std::size_t count = 0;       // items in the text, also those that found no room
  std::string_view item = "";  // the one at fault
};

// At most this many items are in the text.
[[nodiscard]] std::size_t count_items_at_most(std::string_view text, char separator) noexcept;

// Reads the items of `text` into out[0..room). Spaces around an item do not matter, a separator behind the last item may stand, and an
// empty text has no items. With white space as separator any amount of it separates. `readable` as in parse_quickly.
template <class T>
[[nodiscard]] ListOutcome parse_list(std::string_view text, const char* readable, char separator,
                                     T* out, std::size_t room) noexcept;

}  // namespace thalweg::decode
