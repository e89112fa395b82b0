// What a model wrote → columns of the batch.
//
// One call that covered every row of the batch is adopted: the column is the model's own memory. Otherwise rows are copied to
// their places, and rows that no call covered get zeros, or the defaults of `on_error`.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "thalweg/batch.h"

#include "process/infer/infer_binding.h"
#include "process/infer/infer_run.h"

namespace thalweg {

// Do the tensors have the dtypes and shapes the binding counts on, one result for each of the `fed` rows? Error: signature_mismatch.
[[nodiscard]] Status check_outputs(const ModelVersion& version, const ModelBinding& binding,
                                   std::span<const Tensor> outputs, std::size_t fed);

// Where a row of the batch gets its values from.
struct RowOrigin {
  enum class Kind : std::uint8_t { zeros, defaults, call };
  Kind kind = Kind::zeros;
  std::uint32_t row = 0;  // in the call
  const InferRun::Piece* piece = nullptr;
};

// Adds one column per output to the rows of the batch. `origins`: one per row. `defaults`: one column of one row per output;
// may be empty if no origin asks for them.
void add_output_columns(Batch& batch, std::span<const OutputPlan> outputs,
                        std::span<const RowOrigin> origins, std::span<const Column> defaults);

}  // namespace thalweg
