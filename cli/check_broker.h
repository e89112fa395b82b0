// The part of `check` that asks the brokers: topics, partitions, the group's offsets and backlog.
#pragma once

#include <chrono>

#include "cli/findings.h"
#include "config/pipeline.h"

namespace thalweg::cli {

// Writes and commits nothing. Waits for each answer up to `timeout`.
void check_broker(const PipelineFile& file, std::chrono::milliseconds timeout, Findings& findings);

}  // namespace thalweg::cli
