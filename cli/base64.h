// Base64 (RFC 4648, with padding): how bytes that are not text are written in cases and on lines.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace thalweg::cli {

[[nodiscard]] std::string to_base64(std::string_view bytes);
// Nothing when it is not base64; white space is skipped.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

}  // namespace thalweg::cli
