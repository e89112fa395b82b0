// `thalweg run`: runs pipelines until stopped, or shows what they would write.
#pragma once

#include "cli/command.h"

namespace thalweg::cli {

void add_run_command(Commands& commands);

}  // namespace thalweg::cli
