// `thalweg schema`: the JSON Schema of the pipeline file, for editors.
#pragma once

#include "cli/command.h"

namespace thalweg::cli {

void add_schema_command(Commands& commands);

}  // namespace thalweg::cli
