// How many rows a call has: rounded up, so that a model meets few shapes.
//
// OpenVINO keeps what it prepared for each shape it has met, about half a megabyte a shape of a small model, up to thousands of them
// (CPU_RUNTIME_CACHE_CAPACITY; its issues 20633 and 23316). The micro-batches of a live stream have every size there is.
#pragma once

#include <bit>
#include <cstdint>

namespace thalweg::openvino {

// The least of 1 to 8, 10, 12, 14, 16, 20, 24, 28, 32, … (four to an octave) that is not below `rows`: at most a quarter more, and
// 48 sizes up to 8,192.
[[nodiscard]] constexpr std::int64_t padded_rows(std::int64_t rows) noexcept {
  if (rows <= 8) return rows;
  const auto last = static_cast<std::uint64_t>(rows - 1);
  const std::int64_t step = std::int64_t{1} << (std::bit_width(last) - 3);
  return (rows + step - 1) / step * step;
}

}  // namespace thalweg::openvino
