// Text → value for the settings' scalar types: whole numbers, numbers, booleans, durations, bytes.
//
// The rules are YAML 1.2's core schema, so `0o17`, `0x1f`, `.5`, `1e-3`, `.inf` are numbers, and `yes` is not a boolean.
// Pure functions over text; nullopt where the text is not such a value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace thalweg::config {

[[nodiscard]] std::optional<std::int64_t> parse_integer(std::string_view text);
[[nodiscard]] std::optional<double> parse_number(std::string_view text);
[[nodiscard]] std::optional<bool> parse_boolean(std::string_view text);
// "250ms", "10s", "1.5m", "1h", "7d" → milliseconds. A unit is required, but for 0.
[[nodiscard]] std::optional<std::int64_t> parse_duration(std::string_view text);
// "512", "64MiB", "1KB", "1.5GiB" → bytes.
[[nodiscard]] std::optional<std::int64_t> parse_bytes(std::string_view text);

// How a person would write it: "250ms", "10s", "1h"; "64MiB", "1000 bytes".
[[nodiscard]] std::string duration_text(double ms);
[[nodiscard]] std::string bytes_text(double bytes);
// A number without needless digits: "0.5", "1024".
[[nodiscard]] std::string number_text(double number);

}  // namespace thalweg::config
