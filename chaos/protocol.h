// How the pipelines' group shares its partitions out: the two classic ways, and KIP-848.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "chaos/random.h"

namespace thalweg::chaos {

enum class Protocol : std::uint8_t {
  eager,        // classic: at each rebalance everybody gives everything back
  cooperative,  // classic: only what moves; what thalweg takes unless told otherwise
  consumer,     // KIP-848: the broker shares out
};

inline constexpr std::array<std::string_view, 3> protocol_names{"eager", "cooperative", "consumer"};

[[nodiscard]] constexpr std::string_view name_of(Protocol protocol) noexcept {
  return protocol_names[static_cast<std::size_t>(protocol)];
}

// What a seed chooses where nobody does.
[[nodiscard]] inline Protocol protocol_of(std::uint64_t seed) noexcept {
  constexpr std::uint64_t stream = std::uint64_t{1} << 63;  // no step of a plan draws from it
  return static_cast<Protocol>(Random(seed, stream).between(0, 2));
}

}  // namespace thalweg::chaos
