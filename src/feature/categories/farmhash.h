// FarmHash's 64-bit fingerprint: what TensorFlow puts words into buckets by, and so part of many models.
//
// Stable for ever by its definition; the goldens in tests/feature/golden pin it against TensorFlow's.
#pragma once

#include <cstdint>
#include <string_view>

namespace thalweg::feature {

[[nodiscard]] std::uint64_t farm_fingerprint64(std::string_view s) noexcept;

}  // namespace thalweg::feature
