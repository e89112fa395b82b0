// `thalweg score`: the same pipeline on lines, without Kafka.
#pragma once

#include "cli/command.h"

namespace thalweg::cli {

void add_score_command(Commands& commands);

}  // namespace thalweg::cli
