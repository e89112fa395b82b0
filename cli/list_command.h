// `thalweg list`: the parts a pipeline can be made of.
#pragma once

#include "cli/command.h"

namespace thalweg::cli {

void add_list_command(Commands& commands);

}  // namespace thalweg::cli
