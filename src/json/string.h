// JSON strings: from the bytes between the quotes to the text they stand for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

namespace thalweg::json {

// Is there a backslash? Keys and most values are short: for these a few words in a row are quicker than a call.
[[nodiscard]] inline bool has_escapes(std::string_view raw) noexcept {
  constexpr std::size_t word = sizeof(std::uint64_t);
  const char* p = raw.data();
  std::size_t left = raw.size();
  if (left > 8 * word) return std::memchr(p, '\\', left) != nullptr;
  constexpr std::uint64_t ones = 0x0101010101010101;
  const auto found = [](std::uint64_t bytes) {
    const std::uint64_t same = bytes ^ (ones * '\\');
    return ((same - ones) & ~same & (ones * 0x80)) != 0;
  };
  std::uint64_t bytes = 0;
  if (left < word) {
    bool any = false;
    for (; left > 0; ++p, --left) any |= *p == '\\';
    return any;
  }
  const char* const last = p + left - word;
  for (; p < last; p += word) {
    std::memcpy(&bytes, p, word);
    if (found(bytes)) return true;
  }
  std::memcpy(&bytes, last, word);  // may overlap the word before
  return found(bytes);
}

// Undoes the escapes of `raw` into `out` (room for raw.size() bytes: a text is never longer than its escapes), returns the length.
// Nothing when an escape is wrong, or is one half of a surrogate pair, which no UTF-8 text can hold; `*bad` then says where.
[[nodiscard]] std::optional<std::size_t> unescape(std::string_view raw, char* out,
                                                  std::size_t* bad = nullptr) noexcept;

// Would unescape succeed? `*bad` as there.
[[nodiscard]] bool valid_escapes(std::string_view raw, std::size_t* bad) noexcept;

}  // namespace thalweg::json
