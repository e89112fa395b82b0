// The part of `check` that looks at what was wanted of the models while the pipeline ran: where a record exists it wins over the file.
#pragma once

#include <chrono>

#include "cli/findings.h"
#include "config/pipeline.h"

namespace thalweg::cli {

// Writes nothing, makes no topic. Waits for each answer up to `timeout`. `offline`: a control topic is not asked; a file is.
void check_control(const PipelineFile& file, std::chrono::milliseconds timeout, bool offline,
                   Findings& findings);

}  // namespace thalweg::cli
