// The part of `check` that asks the brokers: topics, partitions, the group's offsets and backlog.
#pragma once

#include "cli/findings.h"
#include "config/pipeline.h"

namespace thalweg::cli {

// Writes and commits nothing.
void check_broker(const PipelineFile& file, Findings& findings);

}  // namespace thalweg::cli
