// `thalweg test`: the cases that stand beside a pipeline.
#pragma once

#include "cli/command.h"

namespace thalweg::cli {

void add_test_command(Commands& commands);

}  // namespace thalweg::cli
