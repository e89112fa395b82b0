// Conversions between the model's element types and ours, exact where they can be, else rounded to nearest even.
#include "model/element.h"

#include <bit>
#include <cmath>
#include <limits>
#include <string>

#include "thalweg/settings.h"

namespace thalweg {
namespace {

template <class From, class To, class F>
void each(const void* data, std::size_t count, void* out, F convert) {
  const auto* from = static_cast<const From*>(data);
  auto* to = static_cast<To*>(out);
  for (std::size_t i = 0; i < count; ++i) to[i] = static_cast<To>(convert(from[i]));
}

template <class Narrow, class Wide>
Status narrow_integers(Element to, const void* data, std::size_t count, void* out) {
  const auto* from = static_cast<const Wide*>(data);
  auto* result = static_cast<Narrow*>(out);
  for (std::size_t i = 0; i < count; ++i) {
    if (from[i] < Wide{std::numeric_limits<Narrow>::min()} ||
        from[i] > Wide{std::numeric_limits<Narrow>::max()}) {
      return Error(Code::invalid_model_input, "expected a number that fits " +
                                                  std::string(to_string(to)) + "; got " +
                                                  std::to_string(from[i]));
    }
    result[i] = static_cast<Narrow>(from[i]);
  }
  return {};
}

constexpr auto identity = [](auto value) { return value; };

}  // namespace

DType shown_as(Element element) noexcept {
  switch (element) {
    case Element::float32:
    case Element::half:
    case Element::bfloat16: return DType::float32;
    case Element::float64: return DType::float64;
    case Element::int32:
    case Element::int8:
    case Element::int16:
    case Element::uint16: return DType::int32;
    case Element::int64:
    case Element::uint32: return DType::int64;
    case Element::uint8: return DType::uint8;
    case Element::boolean: return DType::boolean;
    case Element::string: return DType::string;
  }
  return DType::float32;
}

bool is_converted(Element element) noexcept {
  return element >= Element::half;
}

std::size_t size_of(Element element) noexcept {
  switch (element) {
    case Element::half:
    case Element::bfloat16:
    case Element::int16:
    case Element::uint16: return 2;
    case Element::int8: return 1;
    case Element::uint32: return 4;
    default: return size_of(shown_as(element));
  }
}

std::string_view to_string(Element element) noexcept {
  switch (element) {
    case Element::half: return "float16";
    case Element::bfloat16: return "bfloat16";
    case Element::int8: return "int8";
    case Element::int16: return "int16";
    case Element::uint16: return "uint16";
    case Element::uint32: return "uint32";
    default: return to_string(shown_as(element));
  }
}

void widen(Element from, const void* data, std::size_t count, void* out) noexcept {
  switch (from) {
    case Element::half: return each<std::uint16_t, float>(data, count, out, float_from_half);
    case Element::bfloat16:
      return each<std::uint16_t, float>(data, count, out, float_from_bfloat16);
    case Element::int8: return each<std::int8_t, std::int32_t>(data, count, out, identity);
    case Element::int16: return each<std::int16_t, std::int32_t>(data, count, out, identity);
    case Element::uint16: return each<std::uint16_t, std::int32_t>(data, count, out, identity);
    case Element::uint32: return each<std::uint32_t, std::int64_t>(data, count, out, identity);
    default: return;
  }
}

std::string warning_of_half(const std::vector<std::string>& names) {
  return "the model takes " + quoted_list(names) +
         " as float16, shown as float32: of a number about 3 digits count, and one beyond ±65504 "
         "becomes infinite";
}

Status narrow(Element to, const void* data, std::size_t count, void* out) {
  switch (to) {
    case Element::half: each<float, std::uint16_t>(data, count, out, half_from_float); return {};
    case Element::bfloat16:
      each<float, std::uint16_t>(data, count, out, bfloat16_from_float);
      return {};
    case Element::int8: return narrow_integers<std::int8_t, std::int32_t>(to, data, count, out);
    case Element::int16: return narrow_integers<std::int16_t, std::int32_t>(to, data, count, out);
    case Element::uint16: return narrow_integers<std::uint16_t, std::int32_t>(to, data, count, out);
    case Element::uint32: return narrow_integers<std::uint32_t, std::int64_t>(to, data, count, out);
    default: return Error(Code::internal, "narrow: expected a converted element type");
  }
}

std::uint16_t half_from_float(float value) noexcept {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const auto sign = static_cast<std::uint16_t>((bits >> 16) & 0x8000U);
  const std::uint32_t magnitude = bits & 0x7fffffffU;
  if (magnitude > 0x7f800000U) return static_cast<std::uint16_t>(sign | 0x7e00U);  // NaN
  // 65520 is the first number that rounds to infinity.
  if (magnitude >= 0x477ff000U) return static_cast<std::uint16_t>(sign | 0x7c00U);
  if (magnitude < 0x38800000U) {
    // Subnormal: a half counts in steps of 2^-24, and nearbyint rounds to even.
    const float steps = std::nearbyint(std::bit_cast<float>(magnitude) * 16777216.0F);
    return static_cast<std::uint16_t>(sign | static_cast<std::uint16_t>(steps));
  }
  const std::uint32_t odd = (magnitude >> 13) & 1U;
  const std::uint32_t rounded = magnitude + 0xfffU + odd - (112U << 23);
  return static_cast<std::uint16_t>(sign | (rounded >> 13));
}

float float_from_half(std::uint16_t bits) noexcept {
  const std::uint32_t sign = (bits & 0x8000U) << 16;
  const std::uint32_t exponent = (bits >> 10) & 0x1fU;
  const std::uint32_t fraction = bits & 0x3ffU;
  if (exponent == 0x1f) return std::bit_cast<float>(sign | 0x7f800000U | (fraction << 13));
  if (exponent == 0) {
    const float magnitude = static_cast<float>(fraction) / 16777216.0F;
    return sign != 0 ? -magnitude : magnitude;
  }
  return std::bit_cast<float>(sign | ((exponent + 112U) << 23) | (fraction << 13));
}

std::uint16_t bfloat16_from_float(float value) noexcept {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if (std::isnan(value))
    return static_cast<std::uint16_t>((bits >> 16) | 0x40U);  // stays NaN whatever is cut off
  return static_cast<std::uint16_t>((bits + 0x7fffU + ((bits >> 16) & 1U)) >> 16);
}

float float_from_bfloat16(std::uint16_t bits) noexcept {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

}  // namespace thalweg
