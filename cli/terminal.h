// What a command needs to know of the terminal it writes to.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace thalweg::cli {

[[nodiscard]] bool is_terminal(std::FILE* stream) noexcept;
// Columns of the terminal; 100 when there is none.
[[nodiscard]] std::size_t columns(std::FILE* stream) noexcept;

// Colour for people; nothing of it when the stream is not a terminal or NO_COLOR is set.
struct Style {
  std::string_view good, bad, warn, dim, bold, off;
};
[[nodiscard]] const Style& style(std::FILE* stream) noexcept;

// At most `columns` characters of a text on one line, with "…" where it was cut. Characters count as one column each: East Asian text
// is wider than this says.
[[nodiscard]] std::string one_line(std::string_view text, std::size_t columns);

// Text with `indent` spaces in front of each line.
[[nodiscard]] std::string indented(std::string_view text, std::size_t indent);

// "1,234,567"
[[nodiscard]] std::string thousands(std::uint64_t n);
// "1 record", "2 records"
[[nodiscard]] std::string counted(std::uint64_t n, std::string_view word);

}  // namespace thalweg::cli
