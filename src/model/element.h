// Element types of models that Thalweg's tensors do not have, and their way in and out.
//
// A column is float32, float64, int32, int64, uint8, bool or string. A model may also take or give half, bfloat16 and the narrow
// integers: the signature then shows the next wider type, and values are converted at the border of the runtime.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "thalweg/error.h"
#include "thalweg/tensor.h"

namespace thalweg {

enum class Element : std::uint8_t {
  // as they are
  float32,
  float64,
  int32,
  int64,
  uint8,
  boolean,
  string,
  // converted: shown as float32, float32, int32, int32, int32, int64
  half,
  bfloat16,
  int8,
  int16,
  uint16,
  uint32,
};

// The type a pipeline sees.
[[nodiscard]] DType shown_as(Element element) noexcept;
[[nodiscard]] bool is_converted(Element element) noexcept;
// Bytes of one element in the model's memory; 0 for string.
[[nodiscard]] std::size_t size_of(Element element) noexcept;
[[nodiscard]] std::string_view to_string(Element element) noexcept;

// `count` elements of the model's type → the type shown. REQUIRES is_converted(from).
void widen(Element from, const void* data, std::size_t count, void* out) noexcept;
// The other way. Errors: invalid_model_input, when an integer does not fit. Floats are rounded to the nearest.
[[nodiscard]] Status narrow(Element to, const void* data, std::size_t count, void* out);

// What users have to know of inputs of this type, for the model's warnings. It cannot be seen from the type shown. REQUIRES a name.
[[nodiscard]] std::string warning_of_half(const std::vector<std::string>& names);

[[nodiscard]] std::uint16_t half_from_float(float value) noexcept;
[[nodiscard]] float float_from_half(std::uint16_t bits) noexcept;
[[nodiscard]] std::uint16_t bfloat16_from_float(float value) noexcept;
[[nodiscard]] float float_from_bfloat16(std::uint16_t bits) noexcept;

}  // namespace thalweg
