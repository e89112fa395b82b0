// `thalweg models`: which versions are wanted while a pipeline runs.
#pragma once

#include "cli/command.h"

namespace thalweg::cli {

void add_models_command(Commands& commands);

}  // namespace thalweg::cli
