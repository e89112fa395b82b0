// What the commands have in common: how one adds itself to the command line.
//
// A command is a pair of files cli/<name>_command.{h,cpp} with one function `add_<name>_command(Commands&)`, called in
// application.cpp. Adding one: the pair, the call, its tests in tests/cli, and a line in the README's table.
#pragma once

#include <functional>
#include <string>

#include "thalweg/registry.h"

#include "cli/options.h"

namespace thalweg::cli {

// Does the work after the whole line was understood; returns the exit code.
using Action = std::function<int()>;

struct Commands {
  CLI::App& app;
  Action chosen;  // of the command on the line

  // `examples`: lines for the end of `--help`.
  Command add(const std::string& name, const std::string& doc, const std::string& examples,
              Action action);
};

// The check of an option that counts: the parser itself would read -1 as a very large number. Empty: it is 1 or more.
[[nodiscard]] std::string count_check(const std::string& text);

// Every part that comes with Thalweg.
[[nodiscard]] const Registry& builtins();

}  // namespace thalweg::cli
