#include "cli/schema_command.h"

#include <fmt/format.h>

#include "cli/documented_parts.h"
#include "config/json_schema.h"
#include "run/exit_code.h"

namespace thalweg::cli {

void add_schema_command(Commands& commands) {
  commands.add(
      "schema", "Print the JSON Schema of the pipeline file, for editors",
      "  thalweg schema > pipeline.schema.json\n"
      "\nIn an editor with a YAML language server, the first line of a pipeline file may then be\n"
      "  # yaml-language-server: $schema=pipeline.schema.json",
      [] {
        fmt::print("{}", json_schema(builtins(), documented_parts()));
        return exit_ok;
      });
}

}  // namespace thalweg::cli
