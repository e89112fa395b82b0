// Lower case as Python's str.lower makes it: all of Unicode, one character may become two, the last Σ of a word is ς.
#pragma once

#include <optional>
#include <string_view>

#include "thalweg/batch.h"

namespace thalweg::feature {

// The text itself if it is lower case already, else bytes of the arena; nullopt if it is not UTF-8.
[[nodiscard]] std::optional<std::string_view> lowered(std::string_view s, Arena& arena);

// ASCII letters only, whatever the other bytes are (TensorFlow's tf.strings.lower).
[[nodiscard]] std::string_view lowered_ascii(std::string_view s, Arena& arena);

}  // namespace thalweg::feature
