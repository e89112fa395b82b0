#include "cli/evaluate_command.h"

#include <memory>
#include <optional>

#include <fmt/format.h>

#include "cli/line_input.h"
#include "cli/pipeline_options.h"
#include "cli/terminal.h"
#include "monitor/evaluation.h"
#include "run/exit_code.h"

namespace thalweg::cli {
namespace {

struct Options {
  PipelineOptions pipeline;
  std::string log, labels, metric = "label", since, until;
  monitor::EvaluationOptions evaluation;
  bool json = false;
  std::size_t timeout_s = 10;
};

int usage(const std::string& what) {
  fmt::print(stderr, "error: thalweg evaluate: {}\n", what);
  return exit_usage;
}

struct Span {
  std::optional<std::int64_t> since_ms, until_ms;
  [[nodiscard]] bool everything() const noexcept { return !since_ms && !until_ms; }
};

Result<std::optional<std::int64_t>> time_of(const std::string& option, const std::string& text) {
  if (text.empty()) return std::optional<std::int64_t>();
  auto start = parse_start(text);
  if (!start || start->kind != Start::Kind::time)
    return Error(Code::config_invalid,
                 fmt::format("{}: expected a time, as 2026-05-01T08:00:00Z, or milliseconds since "
                             "1970; got '{}'",
                             option, text));
  return std::optional<std::int64_t>(start->time.ms);
}

Result<std::string> log_of(const Options& options, const std::optional<PipelineFile>& file) {
  if (!options.log.empty()) return options.log;
  if (!file || !file->values.given("inference_log"))
    return Error(Code::config_invalid,
                 "expected a pipeline file with `inference_log`, or --log; got neither; say where "
                 "the inference log is with --log FILE or --log topic:NAME");
  return std::string(topic_prefix) + file->values.section("inference_log").string("topic");
}

int evaluate(Options& options) {
  using Metric = monitor::EvaluationOptions::Metric;
  options.evaluation.metric = options.metric == "score"      ? Metric::score
                              : options.metric == "log_loss" ? Metric::log_loss
                                                             : Metric::label;
  Span span;
  auto since = time_of("--since", options.since), until = time_of("--until", options.until);
  if (!since) return usage(std::string(since.error().message()));
  if (!until) return usage(std::string(until.error().message()));
  span = {*since, *until};
  std::optional<PipelineFile> file;
  if (!options.pipeline.paths.empty()) {
    auto read = options.pipeline.read(options.pipeline.path());
    if (!read) return report(read.error());
    file = *std::move(read);
  }
  auto log = log_of(options, file);
  if (!log) return usage(std::string(log.error().message()));
  if (!span.everything() && !log->starts_with(topic_prefix))
    return usage(
        "--since and --until: expected a log in a topic, whose records have times; got a "
        "file");
  monitor::Evaluation evaluation(options.evaluation);
  LineInput log_input{.what = "inference log",
                      .from = *log,
                      .file = file ? &*file : nullptr,
                      .cluster = kafka::Role::producer,
                      .reader = "evaluate",
                      .timeout_s = options.timeout_s,
                      .since_ms = span.since_ms,
                      .until_ms = span.until_ms};
  LineInput label_input{.what = "labels",  // a label may come long after its prediction
                        .from = options.labels,
                        .file = log_input.file,
                        .cluster = kafka::Role::consumer,
                        .reader = "evaluate",
                        .timeout_s = options.timeout_s,
                        .since_ms = {},
                        .until_ms = {}};
  Status done = read_lines(
      log_input, [&](const InputLine& line) { return evaluation.add_prediction(line.text); });
  if (done)
    done = read_lines(label_input,
                      [&](const InputLine& line) { return evaluation.add_label(line.text); });
  if (!done) return report(done.error());
  const monitor::EvaluationReport result = evaluation.report();
  fmt::print("{}", options.json ? to_json(result) : to_text(result));
  const std::uint64_t joined = result.labels - result.labels_unjoined;
  if (joined > 0) return exit_ok;
  fmt::print(stderr,
             "no prediction has a label: {} and {}; are the ids the same? A prediction's is "
             "TOPIC-PARTITION-OFFSET of its record\n",
             counted(result.predictions, "prediction"), counted(result.labels, "label"));
  return exit_findings;
}

void declare_judging(Command& command, Options& options) {
  monitor::EvaluationOptions& e = options.evaluation;
  command.add_option("--model", e.model, "Of records that several models saw: this one")
      .type_name("NAME");
  command
      .add_option("--score", e.score, "The output that is judged; else the first that is a number")
      .type_name("FIELD");
  command.add_option("--id", e.id, "Where a label's line has the id").capture_default_str();
  command.add_option("--label", e.label, "Where it has the label: true, false, 0 or 1")
      .capture_default_str();
  command.add_option("--threshold", e.threshold, "From which score on a row counts as a yes")
      .capture_default_str();
  command
      .add_option("--metric", options.metric,
                  "What an A/B test compares: label (a conversion), log_loss or score")
      .one_of({"label", "log_loss", "score"})
      .capture_default_str();
  command
      .add_option("--tuned-for", e.ab.tuned_for,
                  "Rows at which the A/B interval is narrowest; choose it before looking")
      .positive()
      .capture_default_str();
}

}  // namespace

void add_evaluate_command(Commands& commands) {
  auto options = std::make_shared<Options>();
  Command command = commands.add(
      "evaluate", "How good each version was, from the inference log and later labels",
      "  thalweg evaluate fraud.yaml --labels topic:fraud.labels\n"
      "  thalweg evaluate fraud.yaml --labels labels.jsonl --since 2026-05-01T00:00:00Z\n"
      "  thalweg evaluate --log log.jsonl --labels labels.jsonl --json\n"
      "\nA label's line is {\"id\":\"payments-3-1841\",\"label\":1}. Nothing is written, no group "
      "is "
      "joined.",
      [options] { return evaluate(*options); });
  options->pipeline.declare_file_if_any(command);
  command
      .add_option("--log", options->log,
                  "The inference log: a file, -, or topic:NAME; else the pipeline's inference_log")
      .type_name("FROM");
  command.add_option("--labels", options->labels, "The labels: a file, -, or topic:NAME")
      .type_name("FROM")
      .required();
  declare_judging(command, *options);
  command
      .add_option("--since", options->since,
                  "Only predictions logged then or later: 2026-05-01T08:00:00Z, or ms since 1970")
      .type_name("TIME");
  command.add_option("--until", options->until, "Only predictions logged before").type_name("TIME");
  command.add_flag("--json", options->json, "For scripts");
  command
      .add_option("--timeout", options->timeout_s,
                  "How long to wait for each answer of the brokers")
      .capture_default_str()
      .range(1, 3600)
      .type_name("SECONDS");
}

}  // namespace thalweg::cli
