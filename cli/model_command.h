// `thalweg model`: what is in a model directory, and a pipeline to start from.
#pragma once

#include "cli/command.h"

namespace thalweg::cli {

void add_model_command(Commands& commands);

}  // namespace thalweg::cli
