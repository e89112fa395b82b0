// `thalweg demo`: a pipeline at work on sample lines, on a broker inside the process or a real one.
#pragma once

#include "cli/command.h"

namespace thalweg::cli {

void add_demo_command(Commands& commands);

}  // namespace thalweg::cli
