// Decimal numbers, read exactly: the result is the nearest float, double or integer, as if the text were read with infinite precision and
// rounded once. Never through double and then to float, which rounds twice.
//
// Two grammars: `json` is RFC 8259's; `loose` is what programs print into comma-separated strings: also "+1", ".5", "5." and "007".
#pragma once

#include <cstdint>
#include <string_view>

namespace thalweg::json {

enum class Grammar : std::uint8_t { json, loose };

enum class NumberFault : std::uint8_t {
  none,
  syntax,     // not a number of this grammar
  nonfinite,  // "nan", "inf", "Infinity": only told apart in loose grammar
  overflow,   // too big for the type
  fraction,   // not whole, but the type is an integer
};

// `text` is the number and nothing else. All of it must be used up.
[[nodiscard]] NumberFault parse_number(std::string_view text, Grammar grammar, float& out) noexcept;
[[nodiscard]] NumberFault parse_number(std::string_view text, Grammar grammar,
                                       double& out) noexcept;
// Whole numbers may be written "3.0" or "3e2": JSON has one kind of number and many programs print it so. 3.5 is a `fraction`.
[[nodiscard]] NumberFault parse_number(std::string_view text, Grammar grammar,
                                       std::int64_t& out) noexcept;
[[nodiscard]] NumberFault parse_number(std::string_view text, Grammar grammar,
                                       std::int32_t& out) noexcept;
[[nodiscard]] NumberFault parse_number(std::string_view text, Grammar grammar,
                                       std::uint8_t& out) noexcept;

// Is it a number at all?
[[nodiscard]] bool is_number(std::string_view text, Grammar grammar) noexcept;

}  // namespace thalweg::json
