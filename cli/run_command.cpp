#include "cli/run_command.h"

#include <memory>

#include <fmt/format.h>

#include "cli/dry_run.h"
#include "cli/pipeline_options.h"
#include "run/exit_code.h"
#include "run/process.h"

namespace thalweg::cli {
namespace {

struct Options {
  PipelineOptions pipeline;
  bool dry_run = false;
  std::size_t limit = 0;
  bool json = false;
};

int run(const Options& options) {
  std::vector<PipelineFile> files;
  for (const std::string& path : options.pipeline.paths) {
    auto file = options.pipeline.read(path);
    if (!file) return report(file.error());
    files.push_back(std::move(file).value());
  }
  // One process, one log: the first file says how.
  Log log(log_level_of(files.front().values), log_format_of(files.front().values));
  Process process(builtins(), log);
  process.follow_control();
  process.end_in_time();
  for (PipelineFile& file : files) {
    if (Status added = process.add(std::move(file)); !added.ok()) return report(added.error());
  }
  if (Status ran = process.run(); !ran.ok()) return report(ran.error());
  return exit_ok;
}

int act(const Options& options) {
  if (options.dry_run)
    return dry_run(options.pipeline, {.limit = options.limit, .json = options.json});
  if (options.limit == 0 && !options.json) return run(options);
  fmt::print(stderr,
             "error: thalweg run: --limit and --json are for --dry-run; got no --dry-run\n");
  return exit_usage;
}

}  // namespace

void add_run_command(Commands& commands) {
  auto options = std::make_shared<Options>();
  Command command = commands.add(
      "run", "Run pipelines until SIGTERM or SIGINT",
      "  thalweg run tweets.yaml\n"
      "  thalweg run a.yaml b.yaml                        several in one process\n"
      "  thalweg run tweets.yaml --set workers=4 --set kafka.bootstrap.servers=broker:9092\n"
      "  thalweg run tweets.yaml --dry-run --limit 10     look, but touch nothing",
      [options] { return act(*options); });
  options->pipeline.declare_files(command);
  command.add_flag(
      "--dry-run", options->dry_run,
      "Read without joining the group, print what would be written, produce and commit nothing");
  command
      .add_option("--limit", options->limit,
                  "With --dry-run: end after so many records; else at the end of the topics")
      .type_name("N")
      .check(count_check);
  command.add_flag("--json", options->json, "With --dry-run: one JSON object a line");
}

}  // namespace thalweg::cli
