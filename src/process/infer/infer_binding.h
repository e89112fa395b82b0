// A model version held against the columns that arrive: which column feeds which input, and what comes out.
//
// Found once per version, before its first record; a version that does not fit is refused with a message that names both
// sides. What is allowed between a column and an input:
//
//   dtype   the same, or a conversion that loses nothing: int32 → int64, float32 → float64, int32 → float64, uint8 → any
//           wider number. Anything else is written down as a feature step.
//   shape   the same, apart from dimensions of 1: a scalar feeds [?,1], and a [?,1] output becomes a scalar column.
//           A list of free length feeds an input of unknown length; a call takes rows of one length. Only where the
//           features say so (`pad` without a length, `mask`) rows of all lengths share it, padded with zeros (or "")
//           to the longest. An empty list has one zero.
//
// Const and shared once made.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "thalweg/column.h"
#include "thalweg/registry.h"

#include "model/provider.h"
#include "process/infer/infer_settings.h"

namespace thalweg {

// How one input of the signature is fed.
struct InputPlan {
  std::size_t source = 0;  // output of the program, or column where there is no program
  ColumnType from;
  DType to = DType::float32;
  std::vector<std::int64_t>
      row_dims;  // of one row as the model sees it; ragged: the first is set per call
  bool ragged = false;
  bool padded = false;  // ragged: rows of different lengths may share a call
};

struct OutputPlan {
  std::uint32_t output = 0;  // index in the signature
  std::string name;          // of the output
  std::string column;
  ColumnType type;
};

struct ModelBinding {
  std::shared_ptr<const FeatureProgram> program;  // null: columns feed the inputs directly
  std::vector<std::uint32_t> reads;               // columns used, ascending
  std::vector<InputPlan> inputs;                  // in the order of the signature
  std::vector<OutputPlan> outputs;
  std::string step_features;  // content hash of the step's own features; empty: it has none
};

// Errors: signature_mismatch, config_invalid.
[[nodiscard]] Result<std::shared_ptr<const ModelBinding>> bind_model(const ModelVersion& version,
                                                                     const InferSettings& settings,
                                                                     const Schema& available,
                                                                     const Registry& registry);

// The features alone: of a version whose signature is not known before it is loaded. Errors: as bind_model().
[[nodiscard]] Status check_features(const ModelVersion& version, const InferSettings& settings,
                                    const Schema& available, const Registry& registry);

// The dimensions behind the batch dimension.
[[nodiscard]] std::vector<std::int64_t> row_dims(const TensorSpec& spec, BatchDim batch);

// Rows of one call at most.
[[nodiscard]] std::size_t rows_per_call(const ModelVersion& version);

// Error of code signature_mismatch with the place in front.
[[nodiscard]] Error signature_error(const Where& where, std::string message);

}  // namespace thalweg
