// From a dtype that is known when the program runs to a type that the compiler knows.
#pragma once

#include <cstdint>

#include "thalweg/tensor.h"

namespace thalweg {

// Calls f(T{}) with the C++ type of the dtype; a bool is a byte. REQUIRES is_number(dtype).
template <class F>
decltype(auto) with_number(DType dtype, F&& f) {
  switch (dtype) {
    case DType::float32: return f(float{});
    case DType::float64: return f(double{});
    case DType::int32: return f(std::int32_t{});
    case DType::int64: return f(std::int64_t{});
    default: return f(std::uint8_t{});
  }
}

}  // namespace thalweg
