// Another program run to its end: its last words, its exit code, a limit of time.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "thalweg/error.h"

namespace thalweg {

struct CommandEnd {
  int exit_code = 0;  // 128 + the signal's number, if it was one
  std::string said;   // the end of what it wrote to standard output and error
};

// No shell: words are handed over as they are, the first one is looked for along PATH. `stopped` is asked now and then; true ends it.
// `input` is its standard input: for what may not stand among the words, which every user of the machine can read.
// Errors: model_unavailable (no such program, out of time, stopped).
[[nodiscard]] Result<CommandEnd> run_command(const std::vector<std::string>& words,
                                             std::chrono::milliseconds timeout,
                                             const std::function<bool()>& stopped = {},
                                             const std::string& input = {});

// The name of the program, for messages: its other words may hold secrets, and so may a whole line that was given as one word.
[[nodiscard]] std::string command_name(const std::vector<std::string>& words);

}  // namespace thalweg
