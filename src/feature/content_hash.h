// SHA-256, so that features can be compared by content: two programs with the same hash compute the same.
#pragma once

#include <string>
#include <string_view>

namespace thalweg::feature {

// 64 hexadecimal digits.
[[nodiscard]] std::string sha256_hex(std::string_view bytes);

}  // namespace thalweg::feature
