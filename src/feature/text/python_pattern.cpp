// Translates Python's classes and compiles.
#include "feature/text/python_pattern.h"

#include <algorithm>

#include <fmt/format.h>

namespace thalweg::feature {
namespace {

// The inside of a character class for each of Python's.
constexpr std::string_view word = R"(\p{L}\p{N}_)";
constexpr std::string_view digit = R"(\p{Nd})";
constexpr std::string_view space =
    R"(\t-\r\x{1c}-\x{20}\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000})";

std::string_view class_of(char letter) {
  switch (letter) {
    case 'w':
    case 'W': return word;
    case 'd':
    case 'D': return digit;
    case 's':
    case 'S': return space;
    default: return {};
  }
}

}  // namespace

Result<std::string> unicode_classes(std::string_view pattern) {
  std::string out;
  bool inside = false;  // of [ ]
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '\\' && i + 1 < pattern.size()) {
      const char letter = pattern[++i];
      const std::string_view members = class_of(letter);
      const bool negated = letter >= 'A' && letter <= 'Z';
      if (members.empty()) {
        out += {c, letter};
      } else if (!inside) {
        out += fmt::format("[{}{}]", negated ? "^" : "", members);
      } else if (!negated) {
        out += members;
      } else if (letter == 'D') {
        out += R"(\P{Nd})";
      } else {
        return Error(Code::config_invalid,
                     fmt::format("expected a pattern without \\{0} inside [ ]; got '{1}'; "
                                 "write it beside the class: (?:[…]|\\{0})",
                                 letter, pattern));
      }
      continue;
    }
    out += c;
    if (inside && c == ']') {
      inside = false;
    } else if (!inside && c == '[') {
      inside = true;
      // A ] in the first place (behind ^, if it is there) is an ordinary one.
      if (i + 1 < pattern.size() && pattern[i + 1] == '^') out += pattern[++i];
      if (i + 1 < pattern.size() && pattern[i + 1] == ']') {
        out += R"(\])";
        ++i;
      }
    }
  }
  return out;
}

std::string literal_beginning(std::string_view pattern) {
  if (pattern.find('|') != std::string_view::npos) return {};
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("/:;,_-@#%&=<>!~'\" ").find(c) != std::string_view::npos;
  };
  const auto end = std::find_if_not(pattern.begin(), pattern.end(), plain);
  std::string literal(pattern.begin(), end);
  // What follows may allow the last character to be missing.
  if (end != pattern.end() && !literal.empty() &&
      std::string_view("?*{").find(*end) != std::string_view::npos)
    literal.pop_back();
  return literal;
}

Result<std::shared_ptr<const re2::RE2>> compile_pattern(std::string_view pattern,
                                                        bool ignore_case) {
  auto translated = unicode_classes(pattern);
  if (!translated) return std::move(translated).error();
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_case_sensitive(!ignore_case);
  auto compiled = std::make_shared<const re2::RE2>(*translated, options);
  if (compiled->ok()) return compiled;
  return Error(Code::config_invalid,
               fmt::format("expected a regular expression; got '{}': {}; RE2's syntax holds: no "
                           "look-around, no back-references in the pattern",
                           pattern, compiled->error()));
}

}  // namespace thalweg::feature
