// `thalweg describe`: the topology, with names, dtypes and shapes between the steps.
#pragma once

#include "cli/command.h"

namespace thalweg::cli {

void add_describe_command(Commands& commands);

}  // namespace thalweg::cli
