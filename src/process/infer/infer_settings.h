// What a pipeline file says about an infer step, read but not yet held against a model.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "thalweg/column.h"
#include "thalweg/error.h"
#include "thalweg/settings.h"

namespace thalweg {

// One output of the model that becomes a column.
struct OutputChoice {
  std::string output;
  std::string column;
  std::optional<ColumnType> type;  // only needed where the signature leaves it open
  Where where;
};

// What happens to rows that the model, or its features, refuse; and when the model itself fails.
enum class OnError : std::uint8_t {
  dead_letter,  // the row's record becomes a dead letter; a failing model is tried again, then stops the pipeline
  stop,           // stops the pipeline
  default_value,  // the columns get given values, and the output says that a fallback made them
  model,          // another model answers, and the output says so
};

struct InferSettings {
  std::string model;
  Node features;                      // null: the version's own, or fields by name
  std::vector<OutputChoice> outputs;  // empty: all, under their own names
  OnError on_error = OnError::dead_letter;
  std::vector<std::pair<std::string, Node>> defaults;  // column → value
  std::string fallback_model;
  Where where;  // of the step
  Where on_error_where;
  std::string who;  // "step infer": front of error messages
};

[[nodiscard]] const Section& infer_section();
// Errors: config_invalid.
[[nodiscard]] Result<InferSettings> read_infer_settings(const Values& values, std::string who);

}  // namespace thalweg
