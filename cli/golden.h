// Golden lines: `x.input.jsonl` beside `x.yaml`, and what must come of it, made once with
//
//   thalweg score x.yaml --dead x.dead.jsonl < x.input.jsonl > x.expected.jsonl
//
// and read by eyes before it is believed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "thalweg/error.h"

#include "cli/judge.h"
#include "cli/trial.h"
#include "config/pipeline.h"

namespace thalweg::cli {

struct Golden {
  std::vector<TrialRecord> records;   // one per line of input
  std::vector<std::string> expected;  // lines of `score`
  std::vector<std::string> dead;      // lines of its --dead
  std::string path;                   // of the expected lines
};

// `stem`: the pipeline's path without ".yaml". Nothing when there is no input file. Errors: io_failed, config_invalid.
[[nodiscard]] Result<std::optional<Golden>> read_golden(const std::string& stem,
                                                        const PipelineFile& file);

// What differs: the paths begin with the file's line.
[[nodiscard]] std::vector<Difference> judge_golden(const Golden& golden, const TrialResult& result,
                                                   const PipelineFile& file, double tolerance);

}  // namespace thalweg::cli
