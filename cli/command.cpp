#include "cli/command.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "config/scalars.h"
#include "run/process.h"

namespace thalweg::cli {

Command Commands::add(const std::string& name, const std::string& doc, const std::string& examples,
                      Action action) {
  CLI::App& command = *app.add_subcommand(name, doc);
  command.footer("Examples:\n" + examples);
  command.final_callback([this, action = std::move(action)] { chosen = action; });
  return Command(command);
}

std::string count_check(const std::string& text) {
  const auto count = config::parse_integer(text);
  if (count && *count > 0) return {};
  return fmt::format("expected a whole number, 1 or more; got '{}'", text);
}

const Registry& builtins() {
  static const Registry registry = [] {
    Registry r;
    register_builtins(r);
    return r;
  }();
  return registry;
}

}  // namespace thalweg::cli
