// `thalweg peek`, `pause` and `resume`: what people do with a pipeline that runs.
#pragma once

#include "cli/command.h"

namespace thalweg::cli {

void add_live_commands(Commands& commands);

}  // namespace thalweg::cli
