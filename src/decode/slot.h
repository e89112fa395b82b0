// Where one field's value goes while a record is being read.
//
// Numbers of a fixed shape go straight to their row of the column, which was made before the record was looked at: it is the model's
// input tensor as it stands. Everything else waits here until the record is whole, so that a record that fails half-way leaves nothing behind.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "thalweg/column.h"

#include "decode/fields.h"

namespace thalweg::decode {

class Slot {
 public:
  explicit Slot(const FieldSpec& spec);

  [[nodiscard]] const FieldSpec& spec() const noexcept { return *spec_; }
  // Dimensions of one value as it stands in the record: of one row, or of one step for a field with `*`.
  [[nodiscard]] std::span<const std::int64_t> dims() const noexcept { return dims_; }

  // Empties the column and makes room for `rows` rows.
  void begin_batch(Column& column, std::size_t rows);
  // Takes back the rows that no record filled.
  void end_batch(Column& column, std::size_t rows_filled, std::size_t rows_made) const;

  // The value of this record begins; it will be row `row`.
  void begin_value(std::size_t row) noexcept {
    here_ = dense_ + row * row_bytes_;
    loose_.clear();
    strings_.clear();
  }
  // Where the next `elements` numbers go.
  [[nodiscard]] std::byte* place(std::size_t elements) {
    const std::size_t bytes = elements * element_bytes_;
    if (!dense()) return loose_.grow(bytes);
    std::byte* const place = here_;
    here_ += bytes;
    return place;
  }
  // Takes back the last `elements` of a ragged field that were not used.
  void give_back(std::size_t elements) { loose_.resize(loose_.size() - elements * element_bytes_); }
  void push_string(std::string_view s) { strings_.push_back(s); }
  void push_constant(const Constant& constant);

  // The record is whole: closes the row.
  void commit(Column& column) const {
    if (!dense()) commit_loose(column);
  }

 private:
  void commit_loose(Column& column) const;
  [[nodiscard]] bool dense() const noexcept { return row_bytes_ != 0; }

  const FieldSpec* spec_;
  std::span<const std::int64_t> dims_;
  std::size_t element_bytes_;  // 0: strings
  std::size_t row_bytes_;      // 0: not dense
  std::byte* dense_ = nullptr;
  std::byte* here_ = nullptr;
  AlignedBuffer loose_;
  std::vector<std::string_view> strings_;
};

}  // namespace thalweg::decode
