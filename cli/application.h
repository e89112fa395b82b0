// The command line: all commands, their help, and what happens when a line makes no sense.
#pragma once

namespace thalweg::cli {

// Returns the exit code (run/exit_code.h). Nothing is thrown.
[[nodiscard]] int run(int argc, char** argv);

}  // namespace thalweg::cli
