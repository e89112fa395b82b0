// Texts that are no YAML. YAML parsers complain in the grammar's words ("end of map not found") and often a line too late;
// people make a handful of mistakes, which can be seen in the line itself.
#include "config/yaml_text.h"

#include <algorithm>

#include <fmt/format.h>

namespace thalweg::config {

namespace {

// Length of the well-formed sequence at the front, 0 if there is none (Unicode 15, table 3-7).
std::size_t utf8_sequence(std::string_view s) {
  const auto byte = [&](std::size_t i) {
    return i < s.size() ? static_cast<unsigned char>(s[i]) : 0U;
  };
  const auto tail = [&](std::size_t i) { return byte(i) >= 0x80 && byte(i) <= 0xBF; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return tail(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const unsigned low = first == 0xE0 ? 0xA0 : 0x80;
    const unsigned high = first == 0xED ? 0x9F : 0xBF;  // no surrogates
    return byte(1) >= low && byte(1) <= high && tail(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const unsigned low = first == 0xF0 ? 0x90 : 0x80;
    const unsigned high = first == 0xF4 ? 0x8F : 0xBF;
    return byte(1) >= low && byte(1) <= high && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

bool indented_with_tab(std::string_view line) {
  const std::size_t content = line.find_first_not_of(" \t");
  return line.substr(0, content).find('\t') != std::string_view::npos;
}

}  // namespace

TextPlace place_of(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const auto lines = std::count(before.begin(), before.end(), '\n');
  const std::size_t begin = before.rfind('\n');
  const std::size_t column =
      begin == std::string_view::npos ? before.size() : before.size() - begin - 1;
  return {static_cast<int>(lines) + 1, static_cast<int>(column) + 1};
}

std::size_t first_invalid_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = utf8_sequence(text.substr(i, 4));
    if (length == 0) return i;
    i += length;
  }
  return std::string_view::npos;
}

std::string_view line_of(std::string_view text, int line) {
  for (int i = 1; i < line; ++i) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  return text.substr(0, text.find('\n'));
}

std::string explain_syntax_error(std::string_view text, int line, std::string_view complaint) {
  for (int i = std::max(1, line - 1); i <= line; ++i) {
    if (indented_with_tab(line_of(text, i))) {
      return fmt::format("expected spaces in front of line {}; got a tab; replace it by spaces", i);
    }
  }
  const std::string_view here = line_of(text, line);
  std::string cure =
      "look for a missing quote, bracket, colon or space in this line or the one above";
  if (here.find("${") != std::string_view::npos) {
    cure = "inside { } and [ ] put quotes round it, as in \"${NAME}\"";
  } else if (complaint.find("escape character") != std::string_view::npos) {
    cure = "write \\\\ for a backslash in double quotes, or use single quotes";
  } else if (complaint.find("flow") != std::string_view::npos) {
    cure = "close every { and [, and put a comma between their items";
  } else if (complaint.find("map value") != std::string_view::npos ||
             complaint.find("map key") != std::string_view::npos) {
    cure = "begin keys of one map in one column, and put quotes round a text that holds ': '";
  } else if (complaint.find("EOF in scalar") != std::string_view::npos) {
    cure = "close the quote";
  }
  return fmt::format("expected YAML; got a line that cannot be read ({}); {}", complaint, cure);
}

}  // namespace thalweg::config
