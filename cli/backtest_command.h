// `thalweg backtest`: history of a pipeline's input through other versions of its models, before anyone is touched by them.
#pragma once

#include "cli/command.h"

namespace thalweg::cli {

void add_backtest_command(Commands& commands);

}  // namespace thalweg::cli
