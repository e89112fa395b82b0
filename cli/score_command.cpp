#include "cli/score_command.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <unistd.h>

#include <fmt/format.h>

#include "cli/file_descriptor.h"
#include "cli/lines.h"
#include "cli/pipeline_options.h"
#include "cli/summary.h"
#include "cli/terminal.h"
#include "run/exit_code.h"
#include "run/process.h"
#include "source/lines_source.h"

namespace thalweg::cli {
namespace {

struct Options {
  PipelineOptions pipeline;
  std::string input, output, dead, topic;
  std::size_t limit = 0;
  bool quiet = false;
};

std::vector<std::string> output_topics(const PipelineFile& file) {
  std::vector<std::string> topics;
  for (const Values& to : file.values.sections("to")) {
    const std::string& topic = to.string("topic");
    if (std::find(topics.begin(), topics.end(), topic) == topics.end()) topics.push_back(topic);
  }
  return topics;
}

// One topic: plain values. Several: lines that name it.
Result<LineWriter> writer_for(const PipelineFile& file, const std::string& wanted) {
  auto topics = output_topics(file);
  const bool log = file.values.given("inference_log");
  if (wanted.empty()) {
    if (topics.size() > 1) return tagged_writer();
    return log ? only_writer(topics.front()) : LineWriter{};
  }
  if (log) topics.push_back(file.values.section("inference_log").string("topic"));
  if (std::find(topics.begin(), topics.end(), wanted) != topics.end()) return only_writer(wanted);
  return Error(Code::config_invalid,
               fmt::format("--topic: expected one of the pipeline's outputs, {}; got '{}'.{}",
                           quoted_list(topics), wanted, did_you_mean(wanted, topics)));
}

Result<FileDescriptor> open_or(const std::string& path, const char* what, int otherwise,
                               bool write) {
  if (path.empty() || path == "-") return FileDescriptor::borrowed(otherwise);
  return write ? FileDescriptor::to_write(path, what) : FileDescriptor::to_read(path, what);
}

void print_summary(const Summary& summary, std::chrono::duration<double> took) {
  std::string text = words_for(summary);
  if (took.count() > 0)
    text += fmt::format(
        "; {:.1f} s, {}/s", took.count(),
        thousands(static_cast<std::uint64_t>(static_cast<double>(summary.in) / took.count())));
  fmt::print(stderr, "{}\n", text);
}

int score(const Options& options) {
  auto file = options.pipeline.read_for_trial(options.pipeline.path());
  if (!file) return report(file.error());
  auto writer = writer_for(*file, options.topic);
  if (!writer) {
    report(writer.error());
    return exit_usage;
  }
  Log log(std::max(log_level_of(file->values), LogLevel::warning), log_format_of(file->values));
  const std::string topic = input_topics(file->values.section("from")).front();
  Process process(builtins(), log);
  // Before the outputs are emptied: a pipeline that does not fit should cost nothing.
  if (Status added = process.add(std::move(file).value()); !added.ok())
    return report(added.error());

  auto in = open_or(options.input, "--input", STDIN_FILENO, false);
  if (!in) return report(in.error());
  auto out = open_or(options.output, "--output", STDOUT_FILENO, true);
  if (!out) return report(out.error());
  auto dead = open_or(options.dead, "--dead", STDERR_FILENO, true);
  if (!dead) return report(dead.error());
  if (!options.quiet && ::isatty(in->get()) != 0)
    fmt::print(stderr, "reading lines from the terminal; Ctrl-D ends them\n");

  const Ports ports{
      .source = [&](const PipelineFile&, std::size_t) -> Result<std::unique_ptr<Source>> {
        return std::unique_ptr<Source>(std::make_unique<LinesSource>(
            LinesSourceOptions{.fd = in->get(), .topic = topic, .limit = options.limit}));
      },
      .sink = [&](const PipelineFile&) -> Result<std::unique_ptr<Sink>> {
        return std::unique_ptr<Sink>(std::make_unique<LinesSink>(
            out->get(), dead->get(), LineWriters{.output = *writer, .dead_letter = {}}));
      }};
  const auto began = std::chrono::steady_clock::now();
  Status ran = process.run(ports);
  const Summary summary = summary_of(process.pipelines());
  log.progress("");
  if (!ran.ok()) return report(ran.error());
  if (!options.quiet) print_summary(summary, std::chrono::steady_clock::now() - began);
  return summary.dead > 0 ? exit_findings : exit_ok;
}

}  // namespace

void add_score_command(Commands& commands) {
  auto options = std::make_shared<Options>();
  Command command =
      commands.add("score", "Run a pipeline on lines of a file, without Kafka",
                   "  thalweg score tweets.yaml < tweets.jsonl > scores.jsonl\n"
                   "  thalweg score fraud.yaml --input payments.jsonl --topic fraud_alerts\n"
                   "  thalweg score fraud.yaml --dead dead.jsonl < payments.jsonl > scores.jsonl\n"
                   "\nA line in is a record's value. A line out is an output's value; where the "
                   "pipeline has several output topics it is\n"
                   "{\"topic\":…,\"value\":…}, unless --topic chooses one. Dead letters go to "
                   "standard error, or to --dead, with line and\n"
                   "reason. Exit code 1: there were dead letters.",
                   [options] { return score(*options); });
  options->pipeline.declare_file(command);
  command.add_option("-i,--input", options->input, "Read from this file, not from standard input")
      .type_name("FILE");
  command.add_option("-o,--output", options->output, "Write to this file, not to standard output")
      .type_name("FILE");
  command
      .add_option("--dead", options->dead, "Write dead letters to this file, not to standard error")
      .type_name("FILE");
  command
      .add_option("--topic", options->topic,
                  "Write the outputs of this topic only, as plain values")
      .type_name("TOPIC");
  command.add_option("--limit", options->limit, "Read so many lines, then end")
      .type_name("N")
      .check(count_check);
  command.add_flag("-q,--quiet", options->quiet, "No summary");
}

}  // namespace thalweg::cli
