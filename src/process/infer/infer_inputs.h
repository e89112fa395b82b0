// Rows → the tensors of one model call.
//
// Where the wanted rows lie together and aligned in a column of the input's own type, the tensor is that memory: no copy.
// Otherwise they are gathered into scratch memory, which is kept from call to call.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "thalweg/batch.h"
#include "thalweg/model.h"

#include "process/infer/infer_binding.h"

namespace thalweg {

// Rows of a column, compacted: row i of `to` is row rows[i] of `from`.
void gather_rows(const Column& from, std::span<const std::uint32_t> rows, Column& to);

// Steps of a ragged row as a model gets it: at least one, since a tensor without elements is a corner few models were tried in.
[[nodiscard]] std::size_t steps_of(const Column& column, std::uint32_t row);

class InputGather {
 public:
  // Fills request.inputs with `rows` of `sources` (one column per input of the binding). `fed`: rows the call takes; beyond
  // rows.size() the last row is repeated. The views are valid until the next build, and as long as the sources.
  void build(const ModelBinding& binding, BatchDim batch, std::span<const Column* const> sources,
             std::span<const std::uint32_t> rows, std::size_t fed, InferenceRequest& request);

 private:
  struct Slot {
    std::vector<std::int64_t> dims;
    AlignedBuffer numbers;
    std::vector<std::string_view> strings;
  };
  static void fill(const InputPlan& plan, const Column& from, std::span<const std::uint32_t> rows,
                   std::size_t fed, std::size_t row_elements, Slot& slot);

  std::vector<Slot> slots_;
};

}  // namespace thalweg
