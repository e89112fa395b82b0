// See string.h.
#include "json/string.h"

#include <cstdint>

#include "json/utf8.h"

namespace thalweg::json {

namespace {

constexpr char32_t no_point = 0xFFFFFFFF;

// Four hexadecimal digits, or no_point.
char32_t hex4(const char* p, const char* end) noexcept {
  if (end - p < 4) return no_point;
  char32_t value = 0;
  for (int i = 0; i < 4; ++i) {
    const auto c = static_cast<unsigned char>(p[i]);
    char32_t digit = 0;
    if (c >= '0' && c <= '9') {
      digit = c - U'0';
    } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
      digit = (c | 0x20U) - U'a' + 10;
    } else {
      return no_point;
    }
    value = value << 4 | digit;
  }
  return value;
}

// The escape whose backslash stands at `p`; moves behind it.
char32_t next_escape(const char*& p, const char* end) noexcept {
  if (end - p < 2) return no_point;
  const char kind = p[1];
  p += 2;
  switch (kind) {
    case '"':
    case '\\':
    case '/': return static_cast<char32_t>(kind);
    case 'b': return U'\b';
    case 'f': return U'\f';
    case 'n': return U'\n';
    case 'r': return U'\r';
    case 't': return U'\t';
    case 'u': break;
    default: return no_point;
  }
  const char32_t first = hex4(p, end);
  if (first == no_point) return no_point;
  p += 4;
  if (first < 0xD800 || first > 0xDFFF) return first;
  if (first > 0xDBFF || end - p < 6 || p[0] != '\\' || p[1] != 'u') return no_point;
  const char32_t second = hex4(p + 2, end);
  if (second < 0xDC00 || second > 0xDFFF) return no_point;
  p += 6;
  return 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
}

}  // namespace

std::optional<std::size_t> unescape(std::string_view raw, char* out, std::size_t* bad) noexcept {
  const char* p = raw.data();
  const char* const end = p + raw.size();
  char* to = out;
  while (p < end) {
    const auto rest = static_cast<std::size_t>(end - p);
    const auto* slash = static_cast<const char*>(std::memchr(p, '\\', rest));
    const std::size_t plain = slash == nullptr ? rest : static_cast<std::size_t>(slash - p);
    std::memmove(to, p, plain);
    to += plain;
    p += plain;
    if (slash == nullptr) break;
    const char32_t point = next_escape(p, end);
    if (point == no_point) {
      if (bad != nullptr) *bad = static_cast<std::size_t>(slash - raw.data());
      return std::nullopt;
    }
    to = put_utf8(point, to);
  }
  return static_cast<std::size_t>(to - out);
}

bool valid_escapes(std::string_view raw, std::size_t* bad) noexcept {
  const char* p = raw.data();
  const char* const end = p + raw.size();
  while (p < end) {
    const auto* slash =
        static_cast<const char*>(std::memchr(p, '\\', static_cast<std::size_t>(end - p)));
    if (slash == nullptr) return true;
    p = slash;
    if (next_escape(p, end) == no_point) {
      *bad = static_cast<std::size_t>(slash - raw.data());
      return false;
    }
  }
  return true;
}

}  // namespace thalweg::json
