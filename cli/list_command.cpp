#include "cli/list_command.h"

#include <algorithm>
#include <memory>

#include <fmt/format.h>

#include "cli/terminal.h"
#include "config/json_text.h"
#include "run/exit_code.h"

namespace thalweg::cli {
namespace {

struct Options {
  std::string what = "all";
  bool json = false;
};

struct Part {
  std::string name;
  std::string doc;
};

template <class Kind>
std::vector<Part> parts_of(const std::vector<Kind>& kinds) {
  std::vector<Part> parts;
  for (const Kind& kind : kinds) parts.push_back({kind.name, kind.doc});
  std::sort(parts.begin(), parts.end(),
            [](const Part& a, const Part& b) { return a.name < b.name; });
  return parts;
}

struct Group {
  std::string name;
  std::string where;
  std::vector<Part> parts;
};

std::vector<Group> groups() {
  const Registry& r = builtins();
  return {{"formats", "from: format", parts_of(r.decoders())},
          {"steps", "steps", parts_of(r.operators())},
          {"features", "features", parts_of(r.feature_steps())},
          {"encodings", "to: format", parts_of(r.encoders())},
          {"runtimes", "models: runtime", parts_of(r.runtimes())}};
}

void print_group(const Group& group) {
  const Style& s = style(stdout);
  fmt::print("{}{}{} ({})\n", s.bold, group.name, s.off, group.where);
  std::size_t width = 0;
  for (const Part& part : group.parts) width = std::max(width, part.name.size());
  for (const Part& part : group.parts) {
    // In a pipe nothing is cut: someone may be looking for a word.
    const std::string doc =
        is_terminal(stdout)
            ? one_line(part.doc, columns(stdout) - std::min(columns(stdout), width + 4))
            : part.doc;
    fmt::print("  {:<{}}  {}\n", part.name, width, doc);
  }
}

std::string group_json(const Group& group) {
  std::string text = config::json_string(group.name) + ":[";
  for (std::size_t i = 0; i < group.parts.size(); ++i) {
    text += fmt::format(R"({}{{"name":{},"doc":{}}})", i == 0 ? "" : ",",
                        config::json_string(group.parts[i].name),
                        config::json_string(group.parts[i].doc));
  }
  return text + "]";
}

int list(const Options& options) {
  std::string json;
  for (const Group& group : groups()) {
    if (options.what != "all" && options.what != group.name) continue;
    if (options.json) {
      json += (json.empty() ? "" : ",") + group_json(group);
    } else {
      print_group(group);
    }
  }
  if (options.json) fmt::print("{{{}}}\n", json);
  return exit_ok;
}

}  // namespace

void add_list_command(Commands& commands) {
  auto options = std::make_shared<Options>();
  Command command = commands.add(
      "list", "List the parts a pipeline can be made of: formats, steps, features, runtimes",
      "  thalweg list\n"
      "  thalweg list features | grep pad\n"
      "\n`thalweg reference` has their settings.",
      [options] { return list(*options); });
  command.add_option("what", options->what, "Which of them")
      .one_of({"all", "formats", "steps", "features", "encodings", "runtimes"})
      .capture_default_str();
  command.add_flag("--json", options->json, "One JSON object, for scripts");
}

}  // namespace thalweg::cli
