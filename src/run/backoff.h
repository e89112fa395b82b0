// Pauses between tries that fail: twice as long each time, up to a bound.
#pragma once

#include <algorithm>
#include <chrono>

namespace thalweg {

// `tries`: how many have failed before, from 0.
[[nodiscard]] constexpr std::chrono::nanoseconds backoff(std::chrono::nanoseconds first,
                                                         std::chrono::nanoseconds at_most,
                                                         unsigned tries) noexcept {
  return std::min<std::chrono::nanoseconds>(first * (1LL << std::min(tries, 16U)), at_most);
}

}  // namespace thalweg
