// UTF-8: is it, and where does it stop being so.
#pragma once

#include <cstddef>
#include <string_view>

namespace thalweg::json {

[[nodiscard]] bool valid_utf8(std::string_view text) noexcept;
// Bytes before the first one that is not UTF-8; text.size() if all are.
[[nodiscard]] std::size_t valid_utf8_prefix(std::string_view text) noexcept;
// Writes a code point (below 0x110000) as UTF-8 and returns the place behind it: at most 4 bytes.
[[nodiscard]] char* put_utf8(char32_t point, char* out) noexcept;

}  // namespace thalweg::json
