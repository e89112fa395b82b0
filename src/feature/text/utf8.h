// Code points of UTF-8, and Python's classes of characters.
//
// Python's `\w`, `\d` and white space are what the models were trained with; the goldens in tests/feature/golden compare every
// code point. ASCII is decided by a table or a comparison, everything else by ICU's property tries: no locks, no allocation.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include <unicode/uchar.h>
#include <unicode/utf8.h>

namespace thalweg::feature {

[[nodiscard]] inline bool is_ascii(std::string_view s) noexcept {
  const char* p = s.data();
  std::size_t left = s.size();
  std::uint64_t seen = 0;
  for (; left >= 8; p += 8, left -= 8) {
    std::uint64_t word;
    std::memcpy(&word, p, 8);
    seen |= word;
  }
  for (; left > 0; ++p, --left)
    seen |= static_cast<std::uint64_t>(static_cast<unsigned char>(*p)) & 0x80U;
  return (seen & 0x8080808080808080U) == 0;
}

// The first byte from `at` on that is not ASCII; s.size() if there is none.
[[nodiscard]] inline std::size_t behind_ascii(std::string_view s, std::size_t at) noexcept {
  for (; at + 8 <= s.size(); at += 8) {
    std::uint64_t word;
    std::memcpy(&word, s.data() + at, 8);
    if ((word & 0x8080808080808080U) != 0) break;
  }
  while (at < s.size() && static_cast<unsigned char>(s[at]) < 0x80) ++at;
  return at;
}

// The code point at s[at], which moves behind it; negative where the bytes are not UTF-8. REQUIRES at < s.size().
[[nodiscard]] inline std::int32_t next_code_point(std::string_view s, std::size_t& at) noexcept {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(s.data());
  UChar32 c = 0;
  U8_NEXT(bytes, at, s.size(), c);
  return c;
}

// REQUIRES valid UTF-8.
[[nodiscard]] inline std::size_t count_code_points(std::string_view s) noexcept {
  std::size_t count = 0;
  for (const char c : s) count += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1 : 0;
  return count;
}

// str.isalnum() or '_': letters and numbers of every kind, but no combining marks.
[[nodiscard]] inline bool is_word(std::int32_t c) noexcept {
  if (c < 0x80)
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  return (U_GET_GC_MASK(c) & (U_GC_L_MASK | U_GC_N_MASK)) != 0;
}

[[nodiscard]] inline bool is_digit(std::int32_t c) noexcept {
  if (c < 0x80) return c >= '0' && c <= '9';
  return u_charType(c) == U_DECIMAL_DIGIT_NUMBER;
}

// str.isspace(): what str.split() splits on.
[[nodiscard]] inline bool is_space(std::int32_t c) noexcept {
  if (c < 0x80) return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1C && c <= 0x1F);
  if (c < 0x1680) return c == 0x85 || c == 0xA0;
  return c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
         c == 0x205F || c == 0x3000;
}

// string.punctuation: the 32 of ASCII.
[[nodiscard]] inline bool is_ascii_punctuation(std::int32_t c) noexcept {
  return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') ||
         (c >= '{' && c <= '~');
}

}  // namespace thalweg::feature
