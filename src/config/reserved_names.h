// Names that a column cannot have, since templates mean something else by them.
#pragma once

#include <string>
#include <string_view>

namespace thalweg {

// What a template means by the name, as "the value as it came"; empty: a column may be called so.
[[nodiscard]] std::string_view meaning_of_reserved(std::string_view name) noexcept;

// "another name was expected than 'input', which in a template is the value as it came"; empty: all is well.
[[nodiscard]] std::string refusal_of_reserved(std::string_view name);

}  // namespace thalweg
