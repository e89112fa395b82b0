// What is looked at of a field or an output, row by row.
//
//   a number               itself; NaN: missing
//   a list of numbers      their mean; none: missing
//   a text                 itself, as a category; empty: missing
//   a list of texts        how many there are
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

#include "thalweg/column.h"

#include "record/with_number.h"

namespace thalweg::monitor {

[[nodiscard]] inline bool is_category(const ColumnType& type) noexcept {
  return type.dtype == DType::string && type.shape.dims.empty();
}

// The score of a model: its first output that is one number a row. Null: none is.
[[nodiscard]] inline const Column* score_of(std::span<const Column> outputs) noexcept {
  for (const Column& column : outputs) {
    const ColumnType& type = column.type();
    if (type.dtype != DType::string && !type.ragged() && type.width() == 1) return &column;
  }
  return nullptr;
}

// Calls number(double) or text(string_view) for each of `rows`, anything that gives row numbers.
template <class Rows, class Number, class Text>
void each_value(const Column& column, const Rows& rows, Number&& number, Text&& text) {
  constexpr double missing = std::numeric_limits<double>::quiet_NaN();
  if (is_category(column.type())) {
    const auto strings = column.strings();
    for (const std::uint32_t row : rows) text(strings[row]);
    return;
  }
  if (column.type().dtype == DType::string) {
    for (const std::uint32_t row : rows) number(static_cast<double>(column.string_row(row).size()));
    return;
  }
  with_number(column.type().dtype, [&](auto kind) {
    using T = decltype(kind);
    if (!column.type().ragged() && column.type().width() == 1) {
      const auto values = column.values<T>();
      for (const std::uint32_t row : rows) number(static_cast<double>(values[row]));
      return;
    }
    for (const std::uint32_t row : rows) {
      const auto values = column.row<T>(row);
      double sum = 0;
      for (const T value : values) sum += static_cast<double>(value);
      number(values.empty() ? missing : sum / static_cast<double>(values.size()));
    }
  });
}

}  // namespace thalweg::monitor
