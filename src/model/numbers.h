// One element of a tensor as a double, whatever its dtype: for the fake model, the warm-up's rows and its comparison.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "thalweg/tensor.h"

namespace thalweg {

[[nodiscard]] inline std::size_t elements_of(std::span<const std::int64_t> dims) noexcept {
  std::size_t count = 1;
  for (const std::int64_t dim : dims) count *= static_cast<std::size_t>(dim);
  return count;
}

// REQUIRES a dtype of numbers.
[[nodiscard]] inline double number_at(DType dtype, const void* data, std::size_t i) noexcept {
  switch (dtype) {
    case DType::float32: return static_cast<const float*>(data)[i];
    case DType::float64: return static_cast<const double*>(data)[i];
    case DType::int32: return static_cast<const std::int32_t*>(data)[i];
    case DType::int64: return static_cast<double>(static_cast<const std::int64_t*>(data)[i]);
    case DType::uint8:
    case DType::boolean: return static_cast<const std::uint8_t*>(data)[i];
    case DType::string: break;
  }
  return 0;
}

inline void set_number(DType dtype, void* data, std::size_t i, double value) noexcept {
  switch (dtype) {
    case DType::float32: static_cast<float*>(data)[i] = static_cast<float>(value); break;
    case DType::float64: static_cast<double*>(data)[i] = value; break;
    case DType::int32:
      static_cast<std::int32_t*>(data)[i] = static_cast<std::int32_t>(value);
      break;
    case DType::int64:
      static_cast<std::int64_t*>(data)[i] = static_cast<std::int64_t>(value);
      break;
    case DType::uint8:
      static_cast<std::uint8_t*>(data)[i] = static_cast<std::uint8_t>(value);
      break;
    case DType::boolean: static_cast<std::uint8_t*>(data)[i] = value != 0 ? 1 : 0; break;
    case DType::string: break;
  }
}

}  // namespace thalweg
