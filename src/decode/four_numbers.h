// Four numbers of a list at once, of the kind that nearly all are of: "d.ddd…", with a sign or without, up to sixteen digits behind the
// point (number_list.h). What is alike in them is worked out together, in half the instructions that they take one by one.
//
// A float keeps 24 bits. The doubles here are off by less than four units in their last place of 53 bits: a rounding each for the digits
// (those above 2^53), for the power of ten, for the product, for the sum. So they tell the nearest float, unless they lie that near to the
// middle between two floats; then nothing is written, and the careful way has the word.
#pragma once

#include "decode/number_list.h"

#if defined(__SSE2__)

namespace thalweg::decode::detail {

// By sign, and by places behind the point; by sign, and by the digit before it.
inline constexpr double scales[2][17] = {
    {1e0, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-11, 1e-12, 1e-13, 1e-14,
     1e-15, 1e-16},
    {-1e0, -1e-1, -1e-2, -1e-3, -1e-4, -1e-5, -1e-6, -1e-7, -1e-8, -1e-9, -1e-10, -1e-11, -1e-12,
     -1e-13, -1e-14, -1e-15, -1e-16}};
inline constexpr double wholes[2][10] = {{0., 1., 2., 3., 4., 5., 6., 7., 8., 9.},
                                         {-0., -1., -2., -3., -4., -5., -6., -7., -8., -9.}};

// One of the four, with its digits not looked at yet.
struct Plain {
  __m128i fraction;  // a digit a byte, the last one highest; 0 before them
  const double* scale;
  const double* whole;
};

// False: it is of another kind. REQUIRES that `begin` may be read, and 16 bytes before `end`.
inline bool take_plain(const char* begin, const char* end, Plain& out) noexcept {
  const std::size_t negative = *begin == '-';
  const char* const whole = begin + negative;
  const auto places = static_cast<std::size_t>(end - whole) - 2;
  if (places - 1 > 15) return false;
  std::uint16_t front = 0;
  std::memcpy(&front, whole, sizeof front);
  const unsigned digit = front ^ 0x2E30U;  // "0." as it lies in memory; more than 9: something else
  if (digit > 9) return false;
  out = {last_digits(end, places), &scales[negative][places], &wholes[negative][digit]};
  return true;
}

// The doubles of two numbers; `high` and `low` hold eight digits of each.
inline __m128d join(__m128i high, __m128i low, const Plain& a, const Plain& b) noexcept {
  const __m128d digits =
      _mm_add_pd(_mm_mul_pd(_mm_cvtepi32_pd(high), _mm_set1_pd(1e8)), _mm_cvtepi32_pd(low));
  const __m128d scale = _mm_set_pd(*b.scale, *a.scale);
  return _mm_add_pd(_mm_mul_pd(digits, scale), _mm_set_pd(*b.whole, *a.whole));
}

// Four doubles as floats. False: one is too close to call (json::round_to_float, of which this is four).
inline bool round_to_floats(__m128d ab, __m128d cd, float* out) noexcept {
  constexpr int below = (1 << 29) - 1;
  constexpr int middle = 1 << 28;
  constexpr int margin = 8;
  const __m128 lows = _mm_shuffle_ps(_mm_castpd_ps(ab), _mm_castpd_ps(cd), _MM_SHUFFLE(2, 0, 2, 0));
  const __m128i from_middle =
      _mm_and_si128(_mm_add_epi32(_mm_castps_si128(lows), _mm_set1_epi32(margin - middle)),
                    _mm_set1_epi32(below));
  const __m128i far = _mm_cmpgt_epi32(from_middle, _mm_set1_epi32(2 * margin));
  if (_mm_movemask_ps(_mm_castsi128_ps(far)) != 0xF) return false;
  _mm_storeu_ps(out, _mm_movelh_ps(_mm_cvtpd_ps(ab), _mm_cvtpd_ps(cd)));
  return true;
}

// The items that end at ends[0..4), the first of which begins at `begin`. False: one of them needs the careful way; nothing was written.
// REQUIRES that the byte behind each item may be read.
inline bool parse_four(const char* begin, const char* const* ends, const char* readable,
                       float* out) noexcept {
  if (ends[0] - readable < 16) return false;
  Plain a, b, c, d;
  if (!take_plain(begin, ends[0], a) || !take_plain(ends[0] + 1, ends[1], b) ||
      !take_plain(ends[1] + 1, ends[2], c) || !take_plain(ends[2] + 1, ends[3], d))
    return false;
  const __m128i largest =
      _mm_max_epu8(_mm_max_epu8(a.fraction, b.fraction), _mm_max_epu8(c.fraction, d.fraction));
  if (!all_digits(largest)) return false;
  // High, low, high, low.
  const __m128 ab = _mm_castsi128_ps(eights(fours(a.fraction), fours(b.fraction)));
  const __m128 cd = _mm_castsi128_ps(eights(fours(c.fraction), fours(d.fraction)));
  const __m128i high = _mm_castps_si128(_mm_shuffle_ps(ab, cd, _MM_SHUFFLE(2, 0, 2, 0)));
  const __m128i low = _mm_castps_si128(_mm_shuffle_ps(ab, cd, _MM_SHUFFLE(3, 1, 3, 1)));
  return round_to_floats(join(high, low, a, b),
                         join(_mm_unpackhi_epi64(high, high), _mm_unpackhi_epi64(low, low), c, d),
                         out);
}

}  // namespace thalweg::decode::detail

#endif
