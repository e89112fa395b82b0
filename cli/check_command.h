// `thalweg check`: all that can be known before the first record.
#pragma once

#include "cli/command.h"

namespace thalweg::cli {

void add_check_command(Commands& commands);

}  // namespace thalweg::cli
