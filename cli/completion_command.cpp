// The scripts are made from the declarations of the commands, so they know every option.
#include "cli/completion_command.h"

#include <algorithm>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "run/exit_code.h"

namespace thalweg::cli {
namespace {

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

struct Option {
  std::string name;  // "--format"
  std::string doc;
  bool takes_value;
};

std::vector<Option> options_of(const CLI::App& command) {
  std::vector<Option> options;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      options.push_back({"--" + name, option->get_description(),
                         option->get_expected_max() > 0 && option->get_type_size_max() > 0});
    }
  }
  return options;
}

std::string option_words(const CLI::App& command) {
  std::string words;
  for (const Option& option : options_of(command))
    words += (words.empty() ? "" : " ") + option.name;
  return words;
}

// What the first argument may be, where that is a set: "list show replay drop".
std::string first_words(const CLI::App& command) {
  for (const CLI::Option* option : command.get_options()) {
    if (!option->get_positional()) continue;
    const std::string type = option->get_type_name();  // "TEXT:{list,show}"
    const auto open = type.find('{'), close = type.find('}');
    if (open == std::string::npos || close == std::string::npos) return {};
    std::string words = type.substr(open + 1, close - open - 1);
    std::replace(words.begin(), words.end(), ',', ' ');
    return words;
  }
  return {};
}

std::string command_words(const CLI::App& app) {
  std::string words;
  for (const CLI::App* command : commands_of(app))
    words += (words.empty() ? "" : " ") + command->get_name();
  return words;
}

// Inside single quotes of a shell.
std::string single_quoted(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out;
}

std::string bash(const CLI::App& app) {
  std::string cases;
  for (const CLI::App* command : commands_of(app)) {
    cases += fmt::format("    {}) options='{}' first='{}' ;;\n", command->get_name(),
                         option_words(*command), first_words(*command));
  }
  return fmt::format(R"(# thalweg completion for bash: source <(thalweg completion bash)
_thalweg() {{
  local word="${{COMP_WORDS[COMP_CWORD]}}" options='' first=''
  COMPREPLY=()
  if [[ $COMP_CWORD -eq 1 ]]; then
    COMPREPLY=($(compgen -W '{} --help --version' -- "$word"))
    return
  fi
  case "${{COMP_WORDS[1]}}" in
{}  esac
  if [[ "$word" == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$word"))
  elif [[ $COMP_CWORD -eq 2 && -n "$first" ]]; then
    COMPREPLY=($(compgen -W "$first" -- "$word"))
  else
    COMPREPLY=($(compgen -f -- "$word"))
  fi
}}
complete -o filenames -F _thalweg thalweg
)",
                     command_words(app), cases);
}

// zsh reads ':' and brackets in descriptions as its own.
std::string zsh_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == ':' || c == '[' || c == ']') out += '\\';
    out += c;
  }
  return single_quoted(out);
}

std::string zsh(const CLI::App& app) {
  std::string names, cases;
  for (const CLI::App* command : commands_of(app)) {
    names +=
        fmt::format("    '{}:{}'\n", command->get_name(), zsh_text(command->get_description()));
    cases += fmt::format("    {}) _arguments", command->get_name());
    for (const Option& option : options_of(*command)) {
      cases += fmt::format(" '*{}[{}]{}'", option.name, zsh_text(option.doc),
                           option.takes_value ? ":value:_files" : "");
    }
    if (const std::string words = first_words(*command); !words.empty())
      cases += fmt::format(" '1:action:({})'", words);
    cases += " '*:file:_files' ;;\n";
  }
  return fmt::format(R"(#compdef thalweg
# thalweg completion for zsh: source <(thalweg completion zsh)
_thalweg() {{
  local -a commands=(
{}  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command="$words[2]"
  shift words; (( CURRENT-- ))
  case "$command" in
{}  esac
}}
compdef _thalweg thalweg
)",
                     names, cases);
}

// Inside single quotes fish knows two escapes.
std::string fish_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string fish(const CLI::App& app) {
  std::string out = "# thalweg completion for fish: thalweg completion fish | source\n";
  for (const CLI::App* command : commands_of(app)) {
    out += fmt::format("complete -c thalweg -n __fish_use_subcommand -f -a {} -d '{}'\n",
                       command->get_name(), fish_text(command->get_description()));
    if (const std::string words = first_words(*command); !words.empty()) {
      out += fmt::format(
          "complete -c thalweg -n '__fish_seen_subcommand_from {}; and not "
          "__fish_seen_subcommand_from {}' -f -a '{}'\n",
          command->get_name(), words, words);
    }
    for (const Option& option : options_of(*command)) {
      out +=
          fmt::format("complete -c thalweg -n '__fish_seen_subcommand_from {}' -l {} -d '{}'{}\n",
                      command->get_name(), option.name.substr(2), fish_text(option.doc),
                      option.takes_value ? " -r" : "");
    }
  }
  return out;
}

}  // namespace

void add_completion_command(Commands& commands) {
  auto shell = std::make_shared<std::string>();
  const CLI::App& app = commands.app;
  Command command = commands.add(
      "completion", "Print a script that lets a shell complete the command line",
      "  source <(thalweg completion bash)\n"
      "  thalweg completion zsh > ~/.zsh/completions/_thalweg\n"
      "  thalweg completion fish > ~/.config/fish/completions/thalweg.fish",
      [shell, &app] {
        fmt::print("{}", *shell == "bash" ? bash(app) : *shell == "zsh" ? zsh(app) : fish(app));
        return exit_ok;
      });
  command.add_option("shell", *shell, "The shell").required().one_of({"bash", "zsh", "fish"});
}

}  // namespace thalweg::cli
