// thalweg evaluate: how good each version and variant was, from the inference log and the labels that came later.
#pragma once

#include "cli/command.h"

namespace thalweg::cli {

void add_evaluate_command(Commands& commands);

}  // namespace thalweg::cli
