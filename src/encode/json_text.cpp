// See json_text.h.
#include "encode/json_text.h"

#include <charconv>
#include <cstring>

#include <fmt/compile.h>
#include <fmt/format.h>

#include "json/utf8.h"

namespace thalweg::encode {

namespace {

constexpr std::uint64_t ones = 0x0101010101010101;
constexpr std::uint64_t highs = 0x8080808080808080;

// High bit of each byte that must be escaped: below 0x20, '"' or '\'. May also mark a byte behind a marked one.
std::uint64_t to_escape(std::uint64_t bytes) noexcept {
  const std::uint64_t quote = bytes ^ (ones * '"');
  const std::uint64_t slash = bytes ^ (ones * '\\');
  const std::uint64_t zeros = ((quote - ones) & ~quote) | ((slash - ones) & ~slash);
  return (zeros | ((bytes - ones * 0x20) & ~bytes)) & highs;
}

char* put_escaped(char c, char* out) noexcept {
  constexpr std::string_view hex = "0123456789abcdef";
  *out++ = '\\';
  switch (c) {
    case '"':
    case '\\': *out++ = c; return out;
    case '\b': *out++ = 'b'; return out;
    case '\f': *out++ = 'f'; return out;
    case '\n': *out++ = 'n'; return out;
    case '\r': *out++ = 'r'; return out;
    case '\t': *out++ = 't'; return out;
    default: break;
  }
  const auto byte = static_cast<unsigned char>(c);
  std::memcpy(out, "u00", 3);
  out[3] = hex[byte >> 4];
  out[4] = hex[byte & 15U];
  return out + 5;
}

bool must_escape(char c) noexcept {
  return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\';
}

}  // namespace

bool put_json_string(std::string_view text, ArenaWriter& out) {
  out.put('"');
  std::uint64_t seen = 0;
  const char* p = text.data();
  const char* const end = p + text.size();
  while (p < end) {
    const auto left = static_cast<std::size_t>(end - p);
    // Room for a stretch whose every byte becomes "\u00xx".
    constexpr std::size_t stretch = 256;
    const char* const stop = p + (left < stretch ? left : stretch);
    char* to = out.room(6 * static_cast<std::size_t>(stop - p));
    while (p < stop) {
      std::uint64_t bytes = 0;
      if (stop - p >= 8) {
        std::memcpy(&bytes, p, 8);
        if (to_escape(bytes) == 0) {
          std::memcpy(to, &bytes, 8);
          seen |= bytes;
          p += 8;
          to += 8;
          continue;
        }
      }
      seen |= static_cast<unsigned char>(*p) & 0x80U;
      if (must_escape(*p)) {
        to = put_escaped(*p, to);
      } else {
        *to++ = *p;
      }
      ++p;
    }
    out.used_to(to);
  }
  out.put('"');
  return (seen & highs) == 0 || json::valid_utf8(text);
}

void put_json_number(float value, ArenaWriter& out) {
  char* const place = out.room(32);
  out.used_to(fmt::format_to(place, FMT_COMPILE("{}"), value));
}

void put_json_number(double value, ArenaWriter& out) {
  char* const place = out.room(32);
  out.used_to(fmt::format_to(place, FMT_COMPILE("{}"), value));
}

void put_json_number(std::int64_t value, ArenaWriter& out) {
  char* const place = out.room(24);
  out.used_to(std::to_chars(place, place + 24, value).ptr);
}

}  // namespace thalweg::encode
