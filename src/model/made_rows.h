// Made-up inputs for the warm-up.
#pragma once

#include <cstdint>
#include <deque>
#include <string_view>
#include <vector>

#include "thalweg/model.h"

#include "model/signatures.h"

namespace thalweg {

// Rows for one call of a signature. Row i is the same in every call that has it, so that answers can be compared.
class MadeRows {
 public:
  // `blank`: all zeros instead of numbers between 0 and 1. `length`: used for unknown dimensions behind the first.
  MadeRows(const Signature& signature, const Batching& batching, std::size_t rows,
           std::int64_t length, bool blank);
  // Only row `row` of them, for a call of its own. REQUIRES BatchDim::dynamic.
  [[nodiscard]] InferenceRequest only(std::size_t row);
  [[nodiscard]] InferenceRequest all();
  // Bytes of the numbers of all rows.
  [[nodiscard]] std::size_t bytes() const noexcept;

 private:
  struct Input {
    DType dtype;
    std::vector<std::int64_t> dims;
    std::vector<std::int64_t> one_row_dims;
    AlignedBuffer numbers;
    AlignedBuffer one_row;
    std::vector<std::string_view> strings;
    std::size_t width = 1;  // elements of a row
  };
  std::deque<Input> inputs_;
  std::vector<std::uint32_t> outputs_;
};

}  // namespace thalweg
