// `thalweg run --dry-run`: reads the topics without a group and prints what would be written; nothing is produced or committed.
#pragma once

#include <cstddef>

#include "cli/pipeline_options.h"

namespace thalweg::cli {

struct DryRunOptions {
  std::size_t limit = 0;  // records of each pipeline; 0: to the ends of its topics
  bool json = false;
};

// Returns the exit code.
[[nodiscard]] int dry_run(const PipelineOptions& pipelines, const DryRunOptions& options);

}  // namespace thalweg::cli
