// Exit codes: what a supervisor or a script can tell from the end of the process (docs/exit-codes.md).
#pragma once

#include "thalweg/error.h"

namespace thalweg {

inline constexpr int exit_ok = 0;        // stopped as asked, all done
inline constexpr int exit_findings = 1;  // `test` or `check` found something
inline constexpr int exit_usage = 2;     // the command line
inline constexpr int exit_configuration =
    3;  // pipeline file, model, record without dead letters: starting again will not help
inline constexpr int exit_external = 4;  // broker, disk, model server: starting again may help
inline constexpr int exit_internal = 5;  // a mistake of ours, or a model that broke
inline constexpr int exit_hung = 6;      // a model call hung; offsets are not committed

[[nodiscard]] int exit_code_of(const Error& error) noexcept;
// Prints the error to standard error and returns its exit code.
int report(const Error& error);

}  // namespace thalweg
