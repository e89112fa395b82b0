// A text before it is parsed: is it text at all? And after a parser refused it: what was probably meant?
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "thalweg/error.h"
#include "thalweg/settings.h"

namespace thalweg::config {

struct TextPlace {
  int line = 1;
  int column = 1;
};

// The place of a byte.
[[nodiscard]] TextPlace place_of(std::string_view text, std::size_t offset);
// Offset of the first byte that is not valid UTF-8; npos if all is.
[[nodiscard]] std::size_t first_invalid_utf8(std::string_view text);
// One line of the text, from 1; empty if there is none.
[[nodiscard]] std::string_view line_of(std::string_view text, int line);

// "expected …; got …; try this" for a parser's complaint at `line`, guessed from what stands there.
[[nodiscard]] std::string explain_syntax_error(std::string_view text, int line,
                                               std::string_view complaint);

}  // namespace thalweg::config
