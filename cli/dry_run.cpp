#include "cli/dry_run.h"

#include <algorithm>
#include <unistd.h>

#include <fmt/format.h>

#include "cli/command.h"
#include "cli/lines.h"
#include "cli/summary.h"
#include "run/exit_code.h"
#include "run/kafka_ports.h"
#include "run/process.h"
#include "source/kafka_source.h"

namespace thalweg::cli {
namespace {

Ports dry_ports(const DryRunOptions& options, Log& log) {
  Ports ports;
  ports.source = [&options, &log](const PipelineFile& file,
                                  std::size_t worker) -> Result<std::unique_ptr<Source>> {
    auto source = kafka_source_options(file, worker, log);
    if (!source) return std::move(source).error();
    source->dry_run = DryRun{.limit = options.limit};
    source->create_missing.reset();
    return std::unique_ptr<Source>(std::make_unique<KafkaSource>(std::move(source).value()));
  };
  ports.sink = [&options](const PipelineFile&) -> Result<std::unique_ptr<Sink>> {
    const LineWriter writer = options.json ? whole_writer() : human_writer();
    return std::unique_ptr<Sink>(std::make_unique<LinesSink>(
        STDOUT_FILENO, STDOUT_FILENO, LineWriters{.output = writer, .dead_letter = writer}));
  };
  return ports;
}

}  // namespace

int dry_run(const PipelineOptions& pipelines, const DryRunOptions& options) {
  std::vector<PipelineFile> files;
  bool would_stop = false;
  for (const std::string& path : pipelines.paths) {
    auto file = pipelines.read_for_trial(path);
    if (!file) return report(file.error());
    would_stop |= file->values.section("dead_letters").string("topic") == no_dead_letters_topic;
    files.push_back(std::move(file).value());
  }
  Log log(std::max(log_level_of(files.front().values), LogLevel::warning),
          log_format_of(files.front().values));
  log.without_progress();
  Process process(builtins(), log);
  for (PipelineFile& file : files) {
    if (Status added = process.add(std::move(file)); !added.ok()) return report(added.error());
  }
  Status ran = process.run(dry_ports(options, log));
  const Summary summary = summary_of(process.pipelines());
  fmt::print(stderr, "{}\n", words_for(summary));
  if (!ran.ok()) return report(ran.error());
  if (summary.dead > 0 && would_stop) {
    fmt::print(
        stderr,
        "warning: no dead_letters are configured: a run would stop at the first of these {}\n",
        summary.dead);
  }
  return exit_ok;
}

}  // namespace thalweg::cli
