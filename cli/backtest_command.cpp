#include "cli/backtest_command.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <memory>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "cli/backtest.h"
#include "cli/backtest_input.h"
#include "cli/line_input.h"
#include "cli/pipeline_options.h"
#include "cli/present_models.h"
#include "cli/terminal.h"
#include "config/json_text.h"
#include "process/infer/infer_settings.h"
#include "run/exit_code.h"

namespace thalweg::cli {
namespace {

struct Options {
  PipelineOptions pipeline;
  std::vector<std::string> models, against;
  std::string from, to, log, labels, output;
  bool as_recorded = false, json = false, quiet = false;
  HistoryOptions history;
  std::optional<double> threshold, low, high;  // none: what the pipeline's `comparison` says
  BacktestOptions backtest;
};

int usage(const std::string& what) {
  fmt::print(stderr, "error: thalweg backtest: {}\n", what);
  return exit_usage;
}

// The models that the pipeline's infer steps name, in their order.
std::vector<std::string> used_models(const PipelineFile& file) {
  std::vector<std::string> names;
  auto steps = steps_of(file.values.node("steps"));
  if (!steps) return names;
  for (const Step& step : *steps) {
    if (step.kind != "infer") continue;
    const auto settings = read(infer_section(), step.settings);
    if (!settings) continue;
    const std::string model = settings->string("model");
    if (std::find(names.begin(), names.end(), model) == names.end()) names.push_back(model);
  }
  return names;
}

// What is wrong with the words themselves; empty: nothing.
std::string mistake_in(const Options& o) {
  if (o.models.empty() && !o.as_recorded)
    return "expected --model NAME@VERSION, the version to try; got none; with --as-recorded alone "
           "the recorded versions answer once more";
  if (o.as_recorded && !o.against.empty())
    return "expected --against or --as-recorded; got both; the one says who is compared with, and "
           "so does the other";
  if (!o.log.empty() && !o.as_recorded)
    return "--log: expected --as-recorded with it; got it alone";
  if (!o.history.input.empty() && !(o.from.empty() && o.to.empty()))
    return "--input: expected no --from and no --to, which are places in a topic; got both";
  return {};
}

// What was not typed is as it is between a champion and its shadow.
Status fill_comparison(Options& o, const PipelineFile& file) {
  const Values& comparison = file.values.section("comparison");
  o.backtest.threshold = o.threshold.value_or(comparison.number("threshold"));
  o.backtest.low = o.low.value_or(comparison.number("low"));
  o.backtest.high = o.high.value_or(comparison.number("high"));
  if (o.backtest.low < o.backtest.high) return {};
  return Error(Code::config_invalid,
               fmt::format("--low: expected less than --high ({}); got {}; give both",
                           o.backtest.high, o.backtest.low));
}

Result<std::map<std::string, DesiredModel>> wished(const std::string& option,
                                                   const std::vector<std::string>& texts,
                                                   const PipelineFile& file) {
  std::map<std::string, DesiredModel> states;
  for (const std::string& text : texts) {
    auto wanted = parse_version_of(option, text, file);
    if (!wanted) return std::move(wanted).error();
    states[wanted->model].variants.front().version = wanted->version;
  }
  return states;
}

// A version of its own for a model leaves its labels as they are.
void put_over(std::map<std::string, DesiredModel>& states,
              const std::map<std::string, DesiredModel>& over) {
  for (const auto& [model, state] : over) {
    auto labels = states.contains(model) ? states[model].labels : state.labels;
    states[model] = state;
    states[model].labels = std::move(labels);
  }
}

struct Prepared {
  PipelineFile file;  // as read
  Backtest::Sides sides;
  std::string model;
};

Result<Prepared> prepare(const Options& options) {
  auto file = options.pipeline.read(options.pipeline.path());
  if (!file) return std::move(file).error();
  Prepared made{.file = *file, .sides = {}, .model = {}};
  auto stripped = for_replay(*file);
  if (!stripped) return std::move(stripped).error();
  std::map<std::string, DesiredModel> present;
  // The control records are where the brokers are; who has lines of a file asks nobody.
  if (options.history.input.empty()) {
    auto recorded =
        recorded_states(*file, builtins(), std::chrono::seconds(options.history.timeout_s));
    if (!recorded) return std::move(recorded).error();
    present = std::move(recorded).value();
  }
  auto candidate = wished("--model", options.models, *file);
  if (!candidate) return std::move(candidate).error();
  auto against = wished("--against", options.against, *file);
  if (!against) return std::move(against).error();
  auto other = present;
  put_over(present, *against);
  put_over(other, *candidate);
  auto baseline = with_states(*stripped, present);
  if (!baseline) return std::move(baseline).error();
  made.sides.baseline = std::move(baseline).value();
  if (!candidate->empty()) {
    auto changed = with_states(*stripped, other);
    if (!changed) return std::move(changed).error();
    made.sides.candidate = std::move(changed).value();
  }
  made.sides.models = used_models(*file);
  if (made.sides.models.empty())
    return Error(Code::config_invalid, "expected a pipeline with an infer step; there is none");
  made.model = candidate->empty() ? made.sides.models.back() : candidate->begin()->first;
  for (const std::string& text : options.models)  // the first that was typed
    if (auto first = parse_version_of("--model", text, *file)) {
      made.model = first->model;
      break;
    }
  return made;
}

Status read_log(const Options& options, const PipelineFile& file,
                monitor::RecordedAnswers& answers) {
  LineInput input{.what = "inference log",
                  .from = options.log,
                  .file = &file,
                  .reader = "backtest",
                  .timeout_s = options.history.timeout_s,
                  .since_ms = {},
                  .until_ms = {}};
  if (input.from.empty()) {
    if (!file.values.given("inference_log"))
      return Error(Code::config_invalid,
                   "--as-recorded: expected a pipeline file with `inference_log`, or --log; got "
                   "neither; say where the log is with --log FILE or --log topic:NAME");
    input.from = std::string(topic_prefix) + file.values.section("inference_log").string("topic");
  }
  Status read = read_lines(input, [&](const InputLine& line) {
    return answers.add(line.text, line.partition, line.place);
  });
  if (!read) return read;
  answers.close();
  if (answers.epoch_lines() > 0 || answers.predictions() > 0) return {};
  return Error(Code::config_invalid,
               fmt::format("--as-recorded: expected lines of an inference log in {}; there is none",
                           input.from));
}

std::string side_json(const RecordOutcome& outcome, const RowAnswer* answer) {
  if (answer == nullptr)
    return outcome.dead ? fmt::format(R"({{"dead":{}}})", config::json_string(*outcome.dead))
                        : "null";
  std::string variant;
  if (!answer->variant.empty()) variant = ",\"variant\":" + config::json_string(answer->variant);
  return fmt::format(R"({{"version":{}{},"score":{}}})", answer->version, variant,
                     score_text(*answer));
}

// Both answers of each row; of a record without rows one line.
std::string lines_for(const ReplayRecord& record, const RecordOutcome* baseline,
                      const RecordOutcome* candidate) {
  std::set<std::uint32_t> rows;
  bool only = true;
  for (const RecordOutcome* side : {baseline, candidate}) {
    for (const RowAnswer& a : side == nullptr ? std::vector<RowAnswer>{} : side->answers) {
      rows.insert(a.row);
      only = only && a.only;
    }
  }
  if (rows.empty()) rows.insert(0);
  const auto answer = [](const RecordOutcome& side, std::uint32_t row) {
    const auto it = std::find_if(side.answers.begin(), side.answers.end(),
                                 [row](const RowAnswer& a) { return a.row == row; });
    return it == side.answers.end() ? nullptr : &*it;
  };
  std::string out;
  for (const std::uint32_t row : rows) {
    out += "{\"id\":" + config::json_string(record.id());
    if (!only) out += fmt::format(",\"row\":{}", row);
    out += ",\"baseline\":" + side_json(*baseline, answer(*baseline, row));
    if (candidate != nullptr)
      out += ",\"candidate\":" + side_json(*candidate, answer(*candidate, row));
    out += "}\n";
  }
  return out;
}

// Says how far it is, where a person waits.
class Progress {
 public:
  explicit Progress(bool quiet) : shown_(!quiet && is_terminal(stderr)) {}
  ~Progress() {
    if (said_) fmt::print(stderr, "\r{:70}\r", "");
  }
  void expect(std::int64_t more) { expected_ += more; }
  void record() {
    ++count_;
    const auto now = std::chrono::steady_clock::now();
    if (!shown_ || now - last_ < std::chrono::milliseconds(500)) return;
    last_ = now;
    said_ = true;
    const double seconds = std::chrono::duration<double>(now - began_).count();
    fmt::print(stderr, "\r{} of {} records, {}/s   ", thousands(count_),
               expected_ > 0 ? thousands(static_cast<std::uint64_t>(expected_)) : "?",
               thousands(static_cast<std::uint64_t>(static_cast<double>(count_) / seconds)));
    std::fflush(stderr);
  }

 private:
  const bool shown_;
  bool said_ = false;
  std::uint64_t count_ = 0;
  std::int64_t expected_ = 0;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now(), last_ = began_;
};

int verdict(const BacktestReport& report) {
  if (report.records == report.unknown) {
    fmt::print(stderr, "nothing was answered: {}\n",
               report.records == 0 ? "there is no record in that span"
                                   : "of no record it is known who answered");
    return exit_findings;
  }
  if (!report.has_candidate) return exit_ok;
  if (report.compared == 0) {
    fmt::print(stderr, "nothing to compare: no row was answered by both\n");
    return exit_findings;
  }
  if (report.only_baseline == 0 && report.candidate.dead <= report.baseline.dead) return exit_ok;
  fmt::print(stderr, "the candidate fails where the baseline does not\n");
  return exit_findings;
}

Status add_labels(const Options& options, const PipelineFile& file, Backtest& backtest) {
  if (options.labels.empty()) return {};
  const LineInput input{.what = "labels",
                        .from = options.labels,
                        .file = &file,
                        .cluster = kafka::Role::consumer,
                        .reader = "backtest",
                        .timeout_s = options.history.timeout_s,
                        .since_ms = {},
                        .until_ms = {}};
  return read_lines(input, [&](const InputLine& line) { return backtest.add_label(line.text); });
}

int backtest(Options& options) {
  if (std::string mistake = mistake_in(options); !mistake.empty()) return usage(mistake);
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const std::int64_t ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  auto from = parse_place("--from", options.from, ms), to = parse_place("--to", options.to, ms);
  if (!from) return usage(std::string(from.error().message()));
  if (!to) return usage(std::string(to.error().message()));
  options.history.from = *from;
  options.history.to = *to;

  auto prepared = prepare(options);
  if (!prepared) return report(prepared.error());
  if (Status fits = fill_comparison(options, prepared->file); !fits)
    return usage(std::string(fits.error().message()));
  monitor::RecordedAnswers answers;
  if (options.as_recorded) {
    if (Status read = read_log(options, prepared->file, answers); !read)
      return report(read.error());
    prepared->sides.recorded = &answers;
  }
  std::ofstream output;
  const Error unwritten(Code::io_failed, fmt::format("--output: expected to write '{}'; it cannot "
                                                     "be; is the folder there, is the disk full?",
                                                     options.output));
  if (!options.output.empty()) {
    output.open(options.output);
    if (!output) return report(unwritten);
    options.backtest.told = [&](const ReplayRecord& record, const RecordOutcome* baseline,
                                const RecordOutcome* candidate) {
      output << lines_for(record, baseline, candidate);
    };
  }
  options.backtest.model = prepared->model;
  options.backtest.labels = !options.labels.empty();
  auto made = Backtest::make(std::move(prepared->sides), builtins(), options.backtest);
  if (!made) return report(made.error());
  Backtest& run = **made;
  Status done;
  {
    Progress progress(options.quiet || options.json);
    done = read_history(
        prepared->file, options.history, [&](std::int64_t more) { progress.expect(more); },
        [&](ReplayRecord record) {
          progress.record();
          return run.add(std::move(record));
        });
    if (done) done = run.finish();
  }
  if (done && output.is_open() && !output.flush()) done = unwritten;
  if (done) done = add_labels(options, prepared->file, run);
  if (!done) return report(done.error());
  const BacktestReport result = run.report();
  fmt::print("{}", options.json ? to_json(result) : to_text(result));
  return verdict(result);
}

void declare_sides(Command& command, Options& options) {
  command
      .add_option("--model", options.models,
                  "The version to try; more than once for several models, of which the first is "
                  "compared")
      .type_name("NAME@VERSION")
      .expected(1)
      .take_all();
  command
      .add_option("--against", options.against,
                  "Compare with this version; else with what the control record or the file says")
      .type_name("NAME@VERSION")
      .expected(1)
      .take_all();
  command.add_flag("--as-recorded", options.as_recorded,
                   "Compare with the versions that answered then, by the inference log");
  command
      .add_option("--log", options.log,
                  "The inference log: a file, -, or topic:NAME; else the pipeline's inference_log")
      .type_name("FROM");
}

void declare_history(Command& command, Options& options) {
  command
      .add_option("--from", options.from,
                  "Records at or after: 2026-05-01T08:00:00Z, ms since 1970, -2h, or offset:N")
      .type_name("PLACE");
  command.add_option("--to", options.to, "Records before; else what there is now")
      .type_name("PLACE");
  command
      .add_option("-i,--input", options.history.input,
                  "Lines of this file (-: standard input) in place of the topics")
      .type_name("FILE");
  command.add_option("--limit", options.history.limit, "So many records at most")
      .type_name("N")
      .check(count_check);
  command
      .add_option("--timeout", options.history.timeout_s,
                  "How long to wait for each answer of the brokers")
      .capture_default_str()
      .range(1, 3600)
      .type_name("SECONDS");
}

}  // namespace

void add_backtest_command(Commands& commands) {
  auto options = std::make_shared<Options>();
  Command command = commands.add(
      "backtest", "Replay history through another model version and compare",
      "  thalweg backtest fraud.yaml --model scorer@4 --from -24h\n"
      "  thalweg backtest fraud.yaml --model scorer@4 --from 2026-05-01T00:00:00Z --to "
      "2026-05-02T00:00:00Z\n"
      "  thalweg backtest fraud.yaml --model scorer@4 --labels topic:fraud.labels --json\n"
      "  thalweg backtest fraud.yaml --model scorer@4 --as-recorded --output both.jsonl\n"
      "  thalweg backtest fraud.yaml --model scorer@4 --input payments.jsonl\n"
      "\nReads the pipeline's input without a group; nothing is written to any topic. Exit code 1: "
      "nothing to compare, or the\ncandidate fails where the baseline does not.",
      [options] { return backtest(*options); });
  options->pipeline.declare_file(command);
  declare_sides(command, *options);
  declare_history(command, *options);
  command
      .add_option("--score", options->backtest.score,
                  "The output that is compared; else the first that is one number a row")
      .type_name("FIELD");
  command
      .add_option("--threshold", options->threshold,
                  "From which score on a row counts as a yes; else comparison.threshold")
      .type_name("SCORE");
  command
      .add_option("--low", options->low,
                  "The least score, for PSI and Spearman; else comparison.low")
      .type_name("SCORE");
  command.add_option("--high", options->high, "The largest score; else comparison.high")
      .type_name("SCORE");
  command
      .add_option("--labels", options->labels,
                  "Labels, for the quality of both: a file, -, or topic:NAME, as for evaluate")
      .type_name("FROM");
  command.add_option("-o,--output", options->output, "Both scores of each row, a line of JSON each")
      .type_name("FILE");
  command.add_flag("--json", options->json, "For scripts");
  command.add_flag("-q,--quiet", options->quiet, "No progress");
}

}  // namespace thalweg::cli
