#include "model/golden_value.h"

#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "model/numbers.h"

namespace thalweg {
namespace {

Error wrong(const std::string& expected, const Node& node) {
  return {Code::model_invalid, fmt::format("expected {}; got {}", expected, node.shown())};
}

// Bounds of the whole numbers that a dtype holds; int64 has a way of its own.
bool holds(DType dtype, double value) noexcept {
  switch (dtype) {
    case DType::int32:
      return value >= std::numeric_limits<std::int32_t>::min() &&
             value <= std::numeric_limits<std::int32_t>::max() && value == std::trunc(value);
    case DType::uint8: return value >= 0 && value <= 255 && value == std::trunc(value);
    case DType::boolean: return value == 0 || value == 1;
    case DType::float32:
      return !std::isfinite(value) || std::abs(value) <= std::numeric_limits<float>::max();
    default: return true;
  }
}

}  // namespace

Result<double> golden_number(const Node& node) {
  if (const auto flag = node.as_boolean()) return *flag ? 1.0 : 0.0;
  if (const auto number = node.as_number()) return *number;
  constexpr double infinity = std::numeric_limits<double>::infinity();
  if (node.is_null()) return std::numeric_limits<double>::quiet_NaN();
  if (node.is_scalar() && !node.quoted()) {
    if (node.text() == "NaN") return std::numeric_limits<double>::quiet_NaN();
    if (node.text() == "Infinity") return infinity;
    if (node.text() == "-Infinity") return -infinity;
  }
  return wrong("a number", node);
}

Result<std::string_view> golden_text(const Node& node) {
  if (!node.is_scalar()) return wrong("a text", node);
  return std::string_view(node.text());
}

Status put_golden(DType dtype, void* data, std::size_t i, const Node& node) {
  if (dtype == DType::int64) {
    const auto whole = node.as_integer();  // a double would round it
    if (!whole) return wrong("a whole number (int64)", node);
    static_cast<std::int64_t*>(data)[i] = *whole;
    return {};
  }
  const auto number = golden_number(node);
  if (!number) return Error(number.error());
  if (!holds(dtype, *number)) return wrong(fmt::format("a number of {}", to_string(dtype)), node);
  set_number(dtype, data, i, *number);
  return {};
}

}  // namespace thalweg
