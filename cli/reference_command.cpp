#include "cli/reference_command.h"

#include <fmt/format.h>

#include "cli/documented_parts.h"
#include "config/reference.h"
#include "run/exit_code.h"

namespace thalweg::cli {

void add_reference_command(Commands& commands) {
  commands.add("reference", "Print the reference of all settings, as Markdown",
               "  thalweg reference > docs/reference.md", [] {
                 fmt::print("{}", reference_markdown(builtins(), documented_parts()));
                 return exit_ok;
               });
}

}  // namespace thalweg::cli
