// Reading default values.
#include "process/infer/default_value.h"

#include <algorithm>
#include <limits>
#include <type_traits>

#include <fmt/format.h>

namespace thalweg {
namespace {

template <class T>
bool push(const Node& node, Column& to) {
  T value{};
  if constexpr (std::is_floating_point_v<T>) {
    const auto number = node.as_number();
    if (!number) return false;
    value = static_cast<T>(*number);
  } else {
    const auto whole = node.as_integer();
    if (!whole || *whole < std::numeric_limits<T>::min() ||
        *whole > std::numeric_limits<T>::max()) {
      return false;
    }
    value = static_cast<T>(*whole);
  }
  *to.extend<T>(1) = value;
  return true;
}

// Into a ragged column, which takes elements one by one whatever the final shape is.
bool push_element(const Node& node, Column& to) {
  if (!node.is_scalar()) return false;
  switch (to.type().dtype) {
    case DType::float32: return push<float>(node, to);
    case DType::float64: return push<double>(node, to);
    case DType::int32: return push<std::int32_t>(node, to);
    case DType::int64: return push<std::int64_t>(node, to);
    case DType::uint8: return push<std::uint8_t>(node, to);
    case DType::boolean: {
      const auto value = node.as_boolean();
      if (value) *to.extend<std::uint8_t>(1) = *value ? 1 : 0;
      return value.has_value();
    }
    case DType::string: to.push_string(node.text()); return true;
  }
  return false;
}

}  // namespace

Result<Column> read_default(const Node& node, const ColumnType& type, const std::string& who) {
  const auto wrong = [&] {
    return config_error(node.where(), fmt::format("{}: a value of type {} was expected; got {}",
                                                  who, type.to_string(), node.to_json()));
  };
  Column elements(ColumnType{type.dtype, Shape{{Shape::unknown}}});
  const std::size_t width = type.width();
  if (node.is_sequence()) {
    for (const Node& item : node.items()) {
      if (!push_element(item, elements)) return wrong();
    }
  } else {
    if (type.ragged()) return wrong();
    for (std::size_t i = 0; i < width; ++i) {
      if (!push_element(node, elements)) return wrong();
    }
  }
  elements.end_row();
  const std::size_t count = elements.elements();
  if (type.ragged() ? width == 0 || count % width != 0 : count != width) return wrong();

  Column column(type);
  if (type.dtype == DType::string) {
    for (const std::string_view text : elements.strings()) column.push_string(text);
    column.end_row();
    return column;
  }
  const std::size_t bytes = count * size_of(type.dtype);
  std::byte* to = type.ragged() ? column.extend_raw(count) : column.append_raw_rows(1);
  const auto* from = static_cast<const std::byte*>(elements.raw());
  std::copy(from, from + bytes, to);
  if (type.ragged()) column.end_row();
  return column;
}

}  // namespace thalweg
