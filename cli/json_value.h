// JSON as a value to look at: what `test` compares and `demo` picks words from. Numbers keep their digits.
//
// Not for the data's way: there nothing builds trees.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "thalweg/error.h"
#include "thalweg/settings.h"

namespace thalweg::cli {

struct Json {
  enum class Kind : std::uint8_t { null, boolean, number, string, array, object };

  Kind kind = Kind::null;
  std::string text;         // a number as written, a string, "true", "false"
  std::vector<Json> items;  // of an array
  std::vector<std::pair<std::string, Json>> members;  // of an object, as written

  [[nodiscard]] const Json* find(std::string_view name) const noexcept;
  // Compact JSON.
  [[nodiscard]] std::string to_text() const;
  // A whole number, written as one: compared exactly.
  [[nodiscard]] bool is_integer() const noexcept;
  [[nodiscard]] double as_double() const noexcept;  // REQUIRES a number
};

// Errors: not_json, not_utf8, too_deep.
[[nodiscard]] Result<Json> parse_json(std::string_view text);
// A settings node as JSON would say it.
[[nodiscard]] Json json_of(const Node& node);

}  // namespace thalweg::cli
