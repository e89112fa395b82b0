// A trial: records through a whole pipeline, without its cluster, and what came of each.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "thalweg/error.h"
#include "thalweg/registry.h"
#include "thalweg/testing.h"

#include "config/pipeline.h"

namespace thalweg::cli {

struct TrialRecord {
  std::string topic;
  TestInput input;
};

struct Outcome {
  std::vector<TestOutput> outputs;  // by topic as the pipeline lists them, then in order
  std::optional<TestOutput> dead;   // its dead letter
};

struct TrialResult {
  std::vector<Outcome> outcomes;  // one per record
  TestCounts counts;
};

struct TrialOptions {
  std::size_t cut = 1024;  // records per batch
  std::optional<Timestamp> now;
};

// `file` as PipelineOptions::read_for_trial reads it. Errors: those that stop a pipeline; internal when an output belongs to no record.
[[nodiscard]] Result<TrialResult> run_trial(const PipelineFile& file, const Registry& registry,
                                            std::span<const TrialRecord> records,
                                            const TrialOptions& options);

}  // namespace thalweg::cli
