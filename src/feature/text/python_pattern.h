// Regular expressions as Python's `re` reads them, for RE2.
//
// RE2's \d, \w and \s are ASCII; Python's are Unicode. RE2 knows no look-around and no back-references: such a pattern is
// an error at start, not a surprise later.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <re2/re2.h>

#include "thalweg/error.h"

namespace thalweg::feature {

// The pattern with \d \D \w \W \s \S spelled out as Unicode classes.
[[nodiscard]] Result<std::string> unicode_classes(std::string_view pattern);

// Compiled, leftmost-first as Python's. Errors: config_invalid with RE2's reason.
[[nodiscard]] Result<std::shared_ptr<const re2::RE2>> compile_pattern(std::string_view pattern,
                                                                      bool ignore_case);

// What every match of the pattern begins with, as far as its first characters say: "http" of 'https?://'. Empty where that is
// not plain to see, as with alternatives, groups and classes.
[[nodiscard]] std::string literal_beginning(std::string_view pattern);

}  // namespace thalweg::feature
