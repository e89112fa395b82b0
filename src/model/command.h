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
// Errors: model_unavailable (no such program, out of time, stopped).
[[nodiscard]] Result<CommandEnd> run_command(const std::vector<std::string>& words,
                                             std::chrono::milliseconds timeout,
                                             const std::function<bool()>& stopped = {});

}  // namespace thalweg
