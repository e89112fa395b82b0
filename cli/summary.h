// What became of the records, for the end of a command.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "run/pipeline_run.h"

namespace thalweg::cli {

struct Summary {
  std::uint64_t in = 0, forwarded = 0, absorbed = 0, filtered = 0, dead = 0, outputs = 0;
  std::map<std::string, std::uint64_t> dead_by_code;
  // How it was done.
  std::uint64_t batches = 0, rows = 0, model_calls = 0, model_rows = 0, model_ns = 0,
                features_ns = 0;
  std::uint64_t batch_rows_p50 = 0, batch_rows_max = 0;  // to the next power of two

  [[nodiscard]] std::uint64_t finished() const noexcept {
    return forwarded + absorbed + filtered + dead;
  }
};

// Sums up all workers of all pipelines. Any thread, also while they run.
[[nodiscard]] Summary summary_of(const std::vector<std::unique_ptr<PipelineRun>>& pipelines);

// "5 records in: 3 forwarded, 1 filtered, 1 dead (missing_field 1)"
[[nodiscard]] std::string words_for(const Summary& summary);

}  // namespace thalweg::cli
