// Steps made of functions: how the C++ library's map, filter and batch handlers become operators.
//
//   make_lambda("enrich", schema, [](Batch& batch) -> Status { …; return {}; });
//   make_column("total", input, {"total", {DType::float32, {}}},
//               [](const Rows& rows, std::uint32_t row, Column& to, Batch& batch) -> Status { … });
//
// The functions run on the worker's thread. An operator belongs to one worker: make one for each.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "thalweg/ports.h"

namespace thalweg {

// May do anything with the batch that an operator may: batch.fail for one record, an Error for all. The rows must fit
// `schema` on return. Rows of failed records leave by themselves (sweep).
using BatchFunction = std::function<Status(Batch&)>;

[[nodiscard]] std::unique_ptr<Operator> make_lambda(std::string describe, Schema schema,
                                                    BatchFunction function,
                                                    Grain grain = Grain::same);

// Appends one row to `to` for row `row`. An error concerns this row's record only: it becomes a dead letter, and `to`
// gets zeros in its place. Strings must outlive the batch's arena or live in it.
using RowFunction =
    std::function<Status(const Rows& rows, std::uint32_t row, Column& to, Batch& batch)>;

// Adds a column; called for live rows only, others get zeros. REQUIRES that `input` has no field of that name.
[[nodiscard]] std::unique_ptr<Operator> make_column(std::string describe, const Schema& input,
                                                    Field field, RowFunction function);

// Keeps the rows for which the function says true.
[[nodiscard]] std::unique_ptr<Operator> make_filter(
    std::string describe, Schema schema,
    std::function<bool(const Rows& rows, std::uint32_t row)> function);

}  // namespace thalweg
