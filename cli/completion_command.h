// `thalweg completion`: scripts that let a shell complete the command line.
#pragma once

#include "cli/command.h"

namespace thalweg::cli {

void add_completion_command(Commands& commands);

}  // namespace thalweg::cli
