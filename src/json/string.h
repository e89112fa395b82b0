// JSON strings: from the bytes between the quotes to the text they stand for.
#pragma once

#include <cstddef>
#include <cstring>
#include <optional>
#include <string_view>

namespace thalweg::json {

[[nodiscard]] inline bool has_escapes(std::string_view raw) noexcept {
  return !raw.empty() && std::memchr(raw.data(), '\\', raw.size()) != nullptr;
}

// Undoes the escapes of `raw` into `out` (room for raw.size() bytes: a text is never longer than its escapes), returns the length.
// Nothing when an escape is wrong, or is one half of a surrogate pair, which no UTF-8 text can hold; `*bad` then says where.
[[nodiscard]] std::optional<std::size_t> unescape(std::string_view raw, char* out,
                                                  std::size_t* bad = nullptr) noexcept;

// Would unescape succeed? `*bad` as there.
[[nodiscard]] bool valid_escapes(std::string_view raw, std::size_t* bad) noexcept;

}  // namespace thalweg::json
