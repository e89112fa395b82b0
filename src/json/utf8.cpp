// See utf8.h. The fast answer is simdjson's; the place is looked for only when the answer was no.
#include "json/utf8.h"

#include <cstdint>

#include <simdjson.h>

namespace thalweg::json {

namespace {
// Length of the character that begins at `at`, or 0 if none does.
std::size_t character_at(std::string_view text, std::size_t at) noexcept {
  const auto byte = [&](std::size_t i) -> unsigned {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U;
  };
  const auto tail = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return tail(1) ? 2 : 0;
  if ((lead & 0xF0U) == 0xE0) {
    if (!tail(1) || !tail(2)) return 0;
    if (lead == 0xE0 && byte(1) < 0xA0) return 0;  // longer than needed
    if (lead == 0xED && byte(1) > 0x9F) return 0;  // half of a surrogate pair
    return 3;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    if (!tail(1) || !tail(2) || !tail(3)) return 0;
    if (lead == 0xF0 && byte(1) < 0x90) return 0;
    if (lead == 0xF4 && byte(1) > 0x8F) return 0;  // above U+10FFFF
    return 4;
  }
  return 0;
}
}  // namespace

bool valid_utf8(std::string_view text) noexcept {
  return simdjson::validate_utf8(text.data(), text.size());
}

std::size_t valid_utf8_prefix(std::string_view text) noexcept {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t length = character_at(text, at);
    if (length == 0) return at;
    at += length;
  }
  return at;
}

char* put_utf8(char32_t point, char* out) noexcept {
  const auto byte = [](std::uint32_t bits) { return static_cast<char>(bits); };
  if (point < 0x80) {
    *out++ = byte(point);
  } else if (point < 0x800) {
    *out++ = byte(0xC0 | (point >> 6));
    *out++ = byte(0x80 | (point & 0x3F));
  } else if (point < 0x10000) {
    *out++ = byte(0xE0 | (point >> 12));
    *out++ = byte(0x80 | ((point >> 6) & 0x3F));
    *out++ = byte(0x80 | (point & 0x3F));
  } else {
    *out++ = byte(0xF0 | (point >> 18));
    *out++ = byte(0x80 | ((point >> 12) & 0x3F));
    *out++ = byte(0x80 | ((point >> 6) & 0x3F));
    *out++ = byte(0x80 | (point & 0x3F));
  }
  return out;
}

}  // namespace thalweg::json
