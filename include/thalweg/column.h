// Columns and schemas: the rows of a batch, field by field.
//
// A column holds one field of all rows. With a fixed shape its numbers are one dense block [rows, shape…], which is
// the model's input tensor as it stands. With one unknown dimension (the first) it is ragged: rows of different lengths one behind
// the other, with offsets. Strings are views; the bytes belong to the batch's arena or to the payload it pins.
//
// One thread writes a column at a time (the worker's); after the features it is only read.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "thalweg/tensor.h"

namespace thalweg {

// dtype and shape of ONE row: scalar {} , vector {121}, ragged {-1}, ragged of vectors {-1, 4}.
struct ColumnType {
  DType dtype = DType::float32;
  Shape shape;

  // Only the first dimension may be unknown.
  [[nodiscard]] bool ragged() const noexcept {
    return !shape.dims.empty() && shape.dims[0] == Shape::unknown;
  }
  // Elements of one row; for a ragged column, elements of one step of the unknown dimension.
  [[nodiscard]] std::size_t width() const noexcept;
  [[nodiscard]] std::string to_string() const;  // "float32 [121]"
  bool operator==(const ColumnType&) const = default;
};

struct Field {
  std::string name;
  ColumnType type;
  bool operator==(const Field&) const = default;
};

// The named columns between two steps, in column order: field i is column i of the batch.
struct Schema {
  std::vector<Field> fields;

  [[nodiscard]] std::optional<std::size_t> find(std::string_view name) const noexcept;
  [[nodiscard]] std::vector<std::string> names() const;
  bool operator==(const Schema&) const = default;
};

class Column {
 public:
  Column() = default;
  explicit Column(const ColumnType& type) { reset(type); }

  // Empties the column and gives it a type; keeps capacity.
  void reset(const ColumnType& type);
  // Empties the column, keeps type and capacity.
  void clear() noexcept;
  void reserve(std::size_t rows);

  [[nodiscard]] const ColumnType& type() const noexcept { return type_; }
  [[nodiscard]] std::size_t rows() const noexcept { return rows_; }
  // Elements of all rows together.
  [[nodiscard]] std::size_t elements() const noexcept;

  // --- writing: append whole rows. -------------------------------------------------------------------------
  // Fixed shape, numbers: the place of the next row's width() elements, uninitialised. T must match dtype (bool → uint8_t is allowed).
  template <class T>
  T* append() {
    assert(!type_.ragged() && sizeof(T) == size_of(type_.dtype));
    ++rows_;
    return reinterpret_cast<T*>(buffer_.grow(width_ * sizeof(T)));
  }
  // Same for `count` rows at once.
  template <class T>
  T* append_rows(std::size_t count) {
    assert(!type_.ragged() && sizeof(T) == size_of(type_.dtype));
    rows_ += count;
    return reinterpret_cast<T*>(buffer_.grow(count * width_ * sizeof(T)));
  }
  // Same, for code that copies bytes and need not know T.
  std::byte* append_raw_rows(std::size_t count) {
    assert(!type_.ragged() && type_.dtype != DType::string);
    rows_ += count;
    return buffer_.grow(count * width_ * size_of(type_.dtype));
  }
  // Ragged, numbers: elements are pushed, then the row is closed. `extend` returns the place of `count` more elements.
  template <class T>
  T* extend(std::size_t count) {
    assert(type_.ragged() && sizeof(T) == size_of(type_.dtype));
    return reinterpret_cast<T*>(buffer_.grow(count * sizeof(T)));
  }
  std::byte* extend_raw(std::size_t count) {
    assert(type_.ragged() && type_.dtype != DType::string);
    return buffer_.grow(count * size_of(type_.dtype));
  }
  // Strings, scalar, fixed or ragged: push each string of the row, then close it with end_row().
  void push_string(std::string_view s) { strings_.push_back(s); }
  // Ends a ragged row, or a string row of any shape. REQUIRES the right number of elements since the last end.
  void end_row();
  // Takes back what was written since the last complete row (a record that failed half-way). A fixed row of numbers is
  // complete as soon as it is appended: take that back with drop_rows(1).
  void abandon_row();
  // Removes the last `count` complete rows.
  void drop_rows(std::size_t count);
  // Appends rows of `from`, which must have the same type: one, or `count` neighbours.
  void append_from(const Column& from, std::size_t row) { append_range_from(from, row, 1); }
  void append_range_from(const Column& from, std::size_t row, std::size_t count);
  // Appends a row of zeros, false or empty strings; a ragged one gets an empty row.
  void append_zero_row();
  // Becomes a read-only view of memory kept alive by `owner`: how a model's output becomes a column without a copy.
  // No rows can be appended to it until reset() or clear(); raw_mutable() makes it an ordinary column.
  // REQUIRES a fixed type; `data` holds rows × width() elements (or `strings` that many views).
  void adopt(ColumnType type, std::size_t rows, const void* data,
             std::vector<std::string_view> strings, std::shared_ptr<const void> owner);

  // --- reading ---------------------------------------------------------------------------------------------
  // All numbers of all rows.
  template <class T>
  [[nodiscard]] std::span<const T> values() const noexcept {
    return {reinterpret_cast<const T*>(raw()), elements()};
  }
  template <class T>
  [[nodiscard]] std::span<const T> row(std::size_t i) const noexcept {
    const auto [begin, end] = extent(i);
    return {reinterpret_cast<const T*>(raw()) + begin, end - begin};
  }
  [[nodiscard]] std::span<const std::string_view> strings() const noexcept { return strings_; }
  [[nodiscard]] std::span<const std::string_view> string_row(std::size_t i) const noexcept {
    const auto [begin, end] = extent(i);
    return std::span(strings_).subspan(begin, end - begin);
  }
  // Element range [begin, end) of a row.
  [[nodiscard]] std::pair<std::size_t, std::size_t> extent(std::size_t row) const noexcept {
    if (type_.ragged()) return {offsets_[row], offsets_[row + 1]};
    return {row * width_, (row + 1) * width_};
  }
  [[nodiscard]] const void* raw() const noexcept {
    return adopted_ ? adopted_ : static_cast<const void*>(buffer_.data());
  }
  // The same for changing numbers in place. A column that is a view of a model's output is copied first.
  [[nodiscard]] void* raw_mutable() {
    if (adopted_ != nullptr) copy_adopted();
    return buffer_.data();
  }
  // Ragged only: rows()+1 element offsets.
  [[nodiscard]] std::span<const std::uint32_t> offsets() const noexcept { return offsets_; }
  // Memory held, in bytes (capacity; string bytes are counted by who owns them).
  [[nodiscard]] std::size_t bytes() const noexcept;

 private:
  // Elements in memory, those of an unfinished row included.
  [[nodiscard]] std::size_t written() const noexcept;
  void truncate(std::size_t elements);
  void copy_adopted();

  ColumnType type_;
  std::size_t width_ = 1;
  std::size_t rows_ = 0;
  AlignedBuffer buffer_;
  std::vector<std::string_view> strings_;
  std::vector<std::uint32_t> offsets_;
  const void* adopted_ = nullptr;
  std::shared_ptr<const void> owner_;
};

}  // namespace thalweg
