// A value written in the settings as one row of a column: what `on_error: {default: …}` puts in place of an answer.
#pragma once

#include <string>

#include "thalweg/column.h"
#include "thalweg/settings.h"

namespace thalweg {

// A column of one row. A scalar stands for every element of a fixed vector; a list gives them one by one, in row-major
// order. Strings are views into `node`, which must outlive the column. `who` is the front of errors (config_invalid).
[[nodiscard]] Result<Column> read_default(const Node& node, const ColumnType& type,
                                          const std::string& who);

}  // namespace thalweg
