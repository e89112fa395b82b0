// The types of fields as they are written in pipeline and feature files.
//
//   float32          a number                float32[784]   784 of them        float32[28,28]   a matrix
//   string           a text                  int64[]        any number         float32[?,4]     any number of 4-vectors
//
// The dtypes are those of tensor.h; `[]` and `[?]` mean the same. Whatever ColumnType::to_string prints can be read back.
#pragma once

#include <string_view>

#include "thalweg/column.h"
#include "thalweg/error.h"

namespace thalweg {

// Errors: config_invalid, with the dtypes there are. The caller puts the place in front (config_error, Error::at).
[[nodiscard]] Result<ColumnType> parse_column_type(std::string_view text);

}  // namespace thalweg
