// thalweg dead: list, show, replay and drop a pipeline's dead letters.
#pragma once

#include "cli/command.h"

namespace thalweg::cli {

void add_dead_command(Commands& commands);

}  // namespace thalweg::cli
