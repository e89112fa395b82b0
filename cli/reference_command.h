// `thalweg reference`: the reference of all settings, as docs/reference.md holds it.
#pragma once

#include "cli/command.h"

namespace thalweg::cli {

void add_reference_command(Commands& commands);

}  // namespace thalweg::cli
