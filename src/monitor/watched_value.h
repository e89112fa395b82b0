// What is looked at of a field or an output, row by row.
//
//   a number               itself; NaN: missing
//   a list of numbers      their mean; none: missing
//   a text                 itself, as a category; empty: missing
//   a list of texts        how many there are
//
// A feature of a few numbers is looked at number by number instead: what a `stack` puts together has no mean that says anything.
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

// Where a watched value comes from.
enum class Watched : std::uint8_t { field, feature, output };

[[nodiscard]] inline std::string_view to_string(Watched what) noexcept {
  switch (what) {
    case Watched::feature: return "feature";
    case Watched::output: return "output";
    default: return "field";
  }
}

// In front of a feature's name, which may be that of a field: features.amount, features.x[3].
inline constexpr std::string_view feature_prefix = "features.";

inline constexpr std::size_t elements_max = 32;

// How many numbers of a feature are watched each for itself; 0: it is looked at as a whole.
[[nodiscard]] inline std::size_t watched_elements(const ColumnType& type) {
  if (type.dtype == DType::string || type.ragged()) return 0;
  const auto width = static_cast<std::size_t>(type.width());
  return width > 1 && width <= elements_max ? width : 0;
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

// Calls number(double) for one element of each of `rows`. REQUIRES numbers, as many in each row, and more than `at`.
template <class Rows, class Number>
void each_element(const Column& column, std::size_t at, const Rows& rows, Number&& number) {
  with_number(column.type().dtype, [&](auto kind) {
    using T = decltype(kind);
    for (const std::uint32_t row : rows) number(static_cast<double>(column.row<T>(row)[at]));
  });
}

}  // namespace thalweg::monitor
