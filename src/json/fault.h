// What is wrong with a JSON text, and where: cheap to make, turned into an Error only where the text is given up.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "thalweg/error.h"

namespace thalweg::json {

struct Fault {
  Code code = Code::not_json;      // not_json, not_utf8 or too_deep
  std::size_t at = 0;              // byte in the text, from 0
  std::string_view expected = "";  // static text: "',' or '}' after a member"
};

// "byte 17: expected ',' or '}' after a member; got 'x'".
[[nodiscard]] Error to_error(const Fault& fault, std::string_view text);

// A short, printable piece of a text for messages: at most `bytes_max` bytes, cut between characters, "…" behind a cut.
[[nodiscard]] std::string excerpt(std::string_view text, std::size_t bytes_max = 40);

}  // namespace thalweg::json
