// JSON text as a settings tree, so that a control record is checked by declarations as a pipeline file is: unknown keys, types, ranges.
//
// Strict: JSON's grammar alone, each key once, no deeper and no more keys in an object than a record needs. Not for the data's way.
#pragma once

#include <string>
#include <string_view>

#include "thalweg/error.h"
#include "thalweg/settings.h"

namespace thalweg::control {

// Errors: not_json, not_utf8, too_deep.
[[nodiscard]] Result<Node> read_json(std::string_view text);

// The tree of a JSON text that code writes: strings are quoted, all else is plain.
[[nodiscard]] Node json_string(std::string text);
[[nodiscard]] Node json_number(std::int64_t number);
[[nodiscard]] Node json_number(double number);
[[nodiscard]] Node json_boolean(bool value);

}  // namespace thalweg::control
