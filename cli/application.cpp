#include "cli/application.h"

#include <algorithm>
#include <exception>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "thalweg/version.h"

#include "cli/backtest_command.h"
#include "cli/check_command.h"
#include "cli/completion_command.h"
#include "cli/dead_command.h"
#include "cli/demo_command.h"
#include "cli/describe_command.h"
#include "cli/evaluate_command.h"
#include "cli/list_command.h"
#include "cli/live_command.h"
#include "cli/model_command.h"
#include "cli/models_command.h"
#include "cli/reference_command.h"
#include "cli/run_command.h"
#include "cli/schema_command.h"
#include "cli/score_command.h"
#include "cli/test_command.h"
#include "run/exit_code.h"

namespace thalweg::cli {
namespace {

constexpr const char* about =
    "Thalweg runs machine-learning models inside Kafka streams: events in on one topic, "
    "predictions out on another.";
constexpr const char* exit_codes =
    "Exit codes: 0 done, 1 something was found (test, check, score), 2 the command line, 3 the "
    "configuration,\n"
    "4 something outside (broker, disk), 5 an internal error, 6 a model call hung. See "
    "docs/exit-codes.md.";

void add_commands(Commands& commands) {
  add_run_command(commands);
  add_score_command(commands);
  add_test_command(commands);
  add_check_command(commands);
  add_dead_command(commands);
  add_evaluate_command(commands);
  add_backtest_command(commands);
  add_describe_command(commands);
  add_model_command(commands);
  add_models_command(commands);
  add_live_commands(commands);
  add_list_command(commands);
  add_schema_command(commands);
  add_reference_command(commands);
  add_demo_command(commands);
  add_completion_command(commands);
}

std::vector<std::string> names_of_commands(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(command->get_name());
  return names;
}

std::vector<std::string> names_of_options(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

const CLI::App* command_named(const CLI::App& app, std::string_view name) {
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (command->get_name() == name) return command;
  }
  return nullptr;
}

int usage_error(const std::string& message) {
  fmt::print(stderr, "error: {}\n", message);
  return exit_usage;
}

// The parser knows what is wrong, but not what was meant.
int explain(const CLI::App& app, int argc, char** argv, const CLI::ParseError& error) {
  const std::string first = argc > 1 ? argv[1] : "";
  const CLI::App* command = command_named(app, first);
  if (command == nullptr && !first.empty() && first.front() != '-') {
    const auto names = names_of_commands(app);
    return usage_error(
        fmt::format("thalweg: expected a command ({}); got '{}'.{} Try thalweg --help",
                    quoted_list(names), first, did_you_mean(first, names)));
  }
  const std::string where = command == nullptr ? "thalweg" : "thalweg " + first;
  const auto known = names_of_options(command == nullptr ? app : *command);
  for (int i = 1; i < argc; ++i) {
    const std::string word = std::string(argv[i]).substr(0, std::string_view(argv[i]).find('='));
    if (!word.starts_with("--") || word.size() == 2 ||
        std::find(known.begin(), known.end(), word) != known.end())
      continue;
    return usage_error(fmt::format("{}: expected one of its options; got '{}'.{} Try {} --help",
                                   where, word, did_you_mean(word, known), where));
  }
  return usage_error(fmt::format("{}: {}. Try {} --help", where, error.what(), where));
}

int parse_and_act(int argc, char** argv) {
  CLI::App app(about, "thalweg");
  app.set_version_flag("--version", std::string("thalweg ") + version);
  app.set_help_flag("-h,--help", "Print this help");
  app.footer(std::string("thalweg COMMAND --help has examples of each.\n\n") + exit_codes);
  app.require_subcommand(0, 1);
  Commands commands{app, {}};
  add_commands(commands);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& wanted) {  // --help, --version
    return app.exit(wanted);
  } catch (const CLI::ParseError& error) {
    return explain(app, argc, argv, error);
  }
  if (commands.chosen) return commands.chosen();
  fmt::print("{}", app.help());
  return exit_usage;
}

}  // namespace

int run(int argc, char** argv) {
  try {
    return parse_and_act(argc, argv);
  } catch (const std::exception& e) {
    // Nothing of ours throws; a library did.
    return report(
        Error(Code::internal, std::string("an exception that nothing expected: ") + e.what()));
  }
}

}  // namespace thalweg::cli
