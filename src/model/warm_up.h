// The warm-up: a model is called before it takes rows, to find what loading does not show.
//
//   variables that were not restored    the first run fails: the model is refused, with the cure
//   what a row costs at several sizes   printed; the largest size worth running can be pinned
//   a row's answer alone and in company it must be the same, since batches are cut at will
//   outputs that are not one per row    they cannot be used row by row
//
// Rows are made up: small numbers between 0 and 1, empty strings. A model that refuses such rows as invalid is not at fault:
// that is reported and the start goes on.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "thalweg/error.h"
#include "thalweg/model.h"

#include "model/provider.h"
#include "model/signatures.h"

namespace thalweg {

// Readings of three clocks, each since some moment of its own.
struct WarmUpClocks {
  double thread_cpu_us = 0;   // of the calling thread: what others do meanwhile is not in it
  double process_cpu_us = 0;  // of all threads: a runtime may compute on its own
  double wall_us = 0;
};
[[nodiscard]] WarmUpClocks read_clocks();

struct WarmUpPlan {
  std::vector<std::size_t> sizes{1, 8, 32, 128,
                                 512};  // rows; ascending. Empty: one call of one row, nothing else
  std::chrono::milliseconds time{300};  // no size is begun that would go beyond it
  std::function<WarmUpClocks()> clocks = read_clocks;
  // Of the version that serves meanwhile, if one does. Records then wait for the cores that the warm-up takes, so each size is called
  // no more often than it needs to see that its cost goes up and down with the rows as it did there, and the rest is taken over.
  std::vector<BatchCost> before;
};

struct WarmUpReport {
  std::vector<BatchCost>
      costs;  // one per size that ran; the curve of `before`, at this model's height, where they are alike
  std::vector<std::string> warnings;  // whole sentences
  bool answers_later = false;         // from another thread, as remote models do
};

// Calls the model on this thread and waits for each answer, also of models that answer later. Errors: model_invalid (variables were not
// restored), model_failed (it fails, and not because of the rows), model_unavailable, timed_out (no answer for a minute).
[[nodiscard]] Result<WarmUpReport> warm_up(LoadedModel& model, const Signature& signature,
                                           const Batching& batching, const WarmUpPlan& plan);

// One call of made-up rows for these outputs alone. A runtime may prepare itself anew for another choice of outputs, which is too slow
// for a worker in the middle of a stream. Rows that the model refuses are no fault here either. Errors: as warm_up().
[[nodiscard]] Status warm_up_for(const ModelVersion& version,
                                 const std::vector<std::uint32_t>& outputs);

// The rows per call to pin: the smallest size whose rows cost at most 5 % more than those of the best one. 0: no bound, since that is the
// largest size, and still larger ones may cost less.
[[nodiscard]] std::size_t recommended_rows_max(const std::vector<BatchCost>& costs);

// "1 row 123 µs, 8 rows 68 µs, …": CPU time per row.
[[nodiscard]] std::string to_string(const std::vector<BatchCost>& costs);

}  // namespace thalweg
