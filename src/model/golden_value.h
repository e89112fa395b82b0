// One value of a golden row: what is no number, or does not fit, is refused and never taken for another one.
#pragma once

#include "thalweg/settings.h"
#include "thalweg/tensor.h"

namespace thalweg {

// JSON has no NaN and no infinity; Python writes them as NaN and Infinity, others as null. Errors: model_invalid.
[[nodiscard]] Result<double> golden_number(const Node& node);

// A view of the node.
[[nodiscard]] Result<std::string_view> golden_text(const Node& node);

// Element i of a tensor of numbers. Errors: model_invalid.
[[nodiscard]] Status put_golden(DType dtype, void* data, std::size_t i, const Node& node);

}  // namespace thalweg
