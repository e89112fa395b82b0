// JSON Pointer (RFC 6901): "/merchant/mcc", "/items/0/id", "" for the document. "~1" stands for '/', "~0" for '~'.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "thalweg/error.h"

#include "json/walker.h"

namespace thalweg::json {

struct Pointer {
  std::vector<std::string> steps;  // unescaped; none: the document itself

  [[nodiscard]] std::string to_string() const;
  bool operator==(const Pointer&) const = default;
};

// Errors: config_invalid ("expected …; got …").
[[nodiscard]] Result<Pointer> parse_pointer(std::string_view text);
// A step that can be an array's index ("0", "17", not "01").
[[nodiscard]] std::optional<std::size_t> as_index(std::string_view step) noexcept;

// The text of the value that the pointer names, of a document at which the walker stands. Nothing when there is none, or
// walker.failed(). Of members with the same key the first counts. What stands behind the value is not looked at.
[[nodiscard]] std::optional<std::string_view> find(Walker& walker, const Pointer& pointer);

}  // namespace thalweg::json
