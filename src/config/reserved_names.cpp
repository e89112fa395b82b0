// See reserved_names.h. Whole families are reserved (`meta.`), so that a later `meta.…` takes no column's name away.
#include "config/reserved_names.h"

#include <fmt/format.h>

namespace thalweg {

std::string_view meaning_of_reserved(std::string_view name) noexcept {
  if (name == "input") return "the value as it came";
  if (name.starts_with("input./")) return "a part of the value";
  if (name.starts_with("meta.")) return "a fact of the record, as meta.key";
  if (name.starts_with("headers.")) return "a header of the record";
  return {};
}

std::string refusal_of_reserved(std::string_view name) {
  const std::string_view meaning = meaning_of_reserved(name);
  if (meaning.empty()) return {};
  return fmt::format("another name was expected than '{}', which in a template always is {}", name,
                     meaning);
}

}  // namespace thalweg
