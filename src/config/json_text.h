// JSON text: of a Node, and of strings for whoever writes JSON by hand (schema, describe).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "thalweg/settings.h"

namespace thalweg::config {

enum class Secrets : std::uint8_t { shown, hidden };

// Appends `text` with its quotes, escaped.
void append_json_string(std::string_view text, std::string& out);
[[nodiscard]] std::string json_string(std::string_view text);

// Appends the node as compact JSON. Plain numbers, booleans and nulls stay what they are; every other scalar is a string.
void append_json(const Node& node, Secrets secrets, std::string& out);

// Indented JSON, for files that people look at. Secrets are shown.
[[nodiscard]] std::string pretty_json(const Node& node);

// Can this text stand in JSON as a number, as it is?
[[nodiscard]] bool is_json_number(std::string_view text);

}  // namespace thalweg::config
