// SipHash-2-4: what TensorFlow puts words into buckets by when a salt is given.
#pragma once

#include <cstdint>
#include <string_view>

namespace thalweg::feature {

struct SipKey {
  std::uint64_t low = 0, high = 0;
};

[[nodiscard]] std::uint64_t siphash24(SipKey key, std::string_view s) noexcept;

}  // namespace thalweg::feature
