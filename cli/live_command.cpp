#include "cli/live_command.h"

#include <memory>

#include <fmt/format.h>

#include "cli/control_client.h"
#include "cli/pipeline_options.h"
#include "run/exit_code.h"

namespace thalweg::cli {
namespace {

struct Options {
  PipelineOptions pipeline;
  std::string url, by, why, step;
  std::size_t limit = 10;
  bool json = false;
};

int pause(Options& options, bool yes) {
  auto file = options.pipeline.read(options.pipeline.path());
  if (!file) return report(file.error());
  if (options.by.empty()) {
    const char* user = std::getenv("USER");
    options.by = user == nullptr ? "" : user;
  }
  const std::string& pipeline = file->values.string("pipeline");
  auto client = options.url.empty() ? log_client(*file, {})
                                    : http_client(options.url, token_for(*file), pipeline);
  if (!client) return report(client.error());
  const auto done = (*client)->pause(yes, options.by, options.why);
  if (!done) return report(done.error());
  if (!done->empty()) fmt::print(stderr, "warning: {}\n", *done);
  fmt::print("{}: {} in {}\n", pipeline, yes ? "paused" : "resumed", (*client)->where());
  return exit_ok;
}

// A row as a person reads it: where it comes from, then a field a line.
void print_row(const Node& row) {
  const auto word = [&](const char* name) {
    const Node* found = row.find(name);
    return found == nullptr ? std::string() : found->text();
  };
  fmt::print("{}[{}] at {}\n", word("topic"), word("partition"), word("offset"));
  const Node* fields = row.find("fields");
  if (fields == nullptr) return;
  for (const auto& [name, value] : fields->entries())
    fmt::print("  {}: {}\n", name, value.to_json());
}

int peek(const Options& options) {
  auto file = options.pipeline.read(options.pipeline.path());
  if (!file) return report(file.error());
  const std::string url = url_for(*file, options.url);
  if (url.empty()) {
    fmt::print(stderr,
               "error: thalweg peek: --url: expected where the process listens; got none, and the "
               "file names no http.port; write --url http://127.0.0.1:8080\n");
    return exit_usage;
  }
  auto answer = call_api(url, token_for(*file), "GET",
                         fmt::format("/v2/pipelines/{}/peek?step={}&limit={}",
                                     file->values.string("pipeline"), options.step, options.limit));
  if (!answer) return report(answer.error());
  const Node* rows = answer->find("rows");
  if (rows == nullptr) return exit_ok;
  for (const Node& row : rows->items()) {
    if (options.json) {
      fmt::print("{}\n", row.to_json());
    } else {
      print_row(row);
    }
  }
  if (answer->find("cut") != nullptr)
    fmt::print(stderr, "cut: these rows are larger than a look may be; ask for fewer\n");
  if (rows->items().empty())
    fmt::print(stderr, "nothing passed within five seconds; does this process have partitions?\n");
  return exit_ok;
}

void declare_place(Command& command, Options& options) {
  options.pipeline.declare_first_file(command);
  command.add_option("--url", options.url, "Ask this process, as http://127.0.0.1:8080")
      .type_name("URL");
}

void add_pause(Commands& commands, bool yes) {
  auto options = std::make_shared<Options>();
  Command command = commands.add(
      yes ? "pause" : "resume",
      yes ? "Let a running pipeline rest: it stays in its group and reads nothing"
          : "Let a paused pipeline go on",
      yes ? "  thalweg pause fraud.yaml --why 'the database is moved'     all its processes\n"
            "  thalweg pause fraud.yaml --url http://127.0.0.1:8080\n"
            "\nIt rests until `thalweg resume`, also after a restart."
          : "  thalweg resume fraud.yaml\n",
      [options, yes] { return pause(*options, yes); });
  declare_place(command, *options);
  command.add_option("--by", options->by, "Who does it, for the history; else $USER")
      .type_name("NAME");
  command.add_option("--why", options->why, "Why, for the history").type_name("TEXT");
}

}  // namespace

void add_live_commands(Commands& commands) {
  add_pause(commands, true);
  add_pause(commands, false);
  auto options = std::make_shared<Options>();
  Command command =
      commands.add("peek", "Show records that pass a step of a running pipeline",
                   "  thalweg peek fraud.yaml                       after the last step\n"
                   "  thalweg peek fraud.yaml decode --limit 3      as they were decoded\n"
                   "  thalweg peek fraud.yaml scorer --json\n"
                   "\nThe values are shown as they are, but for the fields of control.peek_mask.",
                   [options] { return peek(*options); });
  declare_place(command, *options);
  command.add_option("step", options->step, "decode, or a step's name or kind; else the last one")
      .type_name("STEP");
  command.add_option("--limit", options->limit, "At most so many rows, up to 100")
      .capture_default_str()
      .check(count_check)
      .type_name("N");
  command.add_flag("--json", options->json, "One JSON object a line, for scripts");
}

}  // namespace thalweg::cli
