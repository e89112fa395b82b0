// Labels of a model's classes: a list in the file, or a file of its own with one a line.
#pragma once

#include <string>
#include <vector>

#include "thalweg/column.h"
#include "thalweg/settings.h"

namespace thalweg::encode {

// Errors: config_invalid, also when there are not as many as a row of `scores` has elements.
[[nodiscard]] Result<std::vector<std::string>> read_labels(const Node& node,
                                                           const ColumnType& scores);

}  // namespace thalweg::encode
