// The rows go through a whole pipeline, so that they are read, prepared and answered exactly as they will be in the stream: the given one, or for a
// model alone the one that `thalweg model DIR --pipeline` would print.
#include "cli/model_baseline.h"

#include <charconv>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <unistd.h>

#include <fmt/format.h>

#include "cli/command.h"
#include "cli/file_descriptor.h"
#include "cli/pipeline_options.h"
#include "cli/summary.h"
#include "cli/terminal.h"
#include "config/json_text.h"
#include "model/describe.h"
#include "model/starter.h"
#include "monitor/baseline_maker.h"
#include "run/exit_code.h"
#include "run/process.h"
#include "sink/lines_sink.h"
#include "source/lines_source.h"

namespace thalweg::cli {
namespace {

namespace fs = std::filesystem;

// More rows change the limit of a window by less than a hundredth.
constexpr std::size_t sample_rows = 100'000;
constexpr std::uint64_t bad_rows_told = 20;

Error unusable(const std::string& expected) {
  return {Code::config_invalid, "model baseline: " + expected};
}

bool is_pipeline(const std::string& what) {
  const std::string end = fs::path(what).extension().string();
  return (end == ".yaml" || end == ".yml") && !fs::is_directory(what);
}

// Of a model alone: its fields and outputs as it names them itself.
Result<PipelineFile> pipeline_around(const std::string& what, const BaselineOptions& options) {
  fs::path path = fs::absolute(what).lexically_normal();
  if (options.version >= 0) path /= std::to_string(options.version);
  auto described = describe_model(path.string(), builtins());
  if (!described) return std::move(described).error();
  auto yaml = starter_pipeline(*described, path.string());
  if (!yaml) return std::move(yaml).error();
  auto file = read_pipeline_text(*yaml, "the pipeline around " + what);
  if (file && file->values.section("from").string("format") != "json")
    return unusable(
        fmt::format("expected a model whose fields JSON lines can hold; '{}' reads "
                    "bytes; give a pipeline file that makes its fields of text",
                    what));
  return file;
}

Result<std::string> model_of(const PipelineFile& file, const std::string& wanted) {
  std::vector<std::string> names;
  for (const auto& [name, entry] : file.values.node("models").entries()) names.push_back(name);
  if (wanted.empty() && names.size() == 1) return names.front();
  if (std::find(names.begin(), names.end(), wanted) != names.end()) return wanted;
  if (wanted.empty())
    return unusable("expected --model, since the pipeline has " + quoted_list(names));
  return unusable(fmt::format("--model: expected {}; got '{}'.{}", quoted_list(names), wanted,
                              did_you_mean(wanted, names)));
}

// With one version of the model, which answers every row.
Result<PipelineFile> pipeline_of(const std::string& what, const BaselineOptions& options,
                                 std::string& model) {
  PipelineOptions pipeline;
  pipeline.paths = {what};
  pipeline.set = options.set;
  auto file = pipeline.read_for_trial(what);
  if (!file) return file;
  auto name = model_of(*file, options.model);
  if (!name) return std::move(name).error();
  model = *name;
  const Node& entry = *file->values.node("models").find(model);
  Overrides more;
  if (options.version >= 0) {
    more.emplace_back("models." + model + ".version", std::to_string(options.version));
    if (entry.find("variants") != nullptr) more.emplace_back("models." + model + ".variants", "");
  } else if (entry.find("variants") != nullptr) {
    return unusable(
        fmt::format("expected --version, since model '{}' has variants, and a baseline "
                    "is of one version",
                    model));
  }
  if (entry.find("shadow") != nullptr) more.emplace_back("models." + model + ".shadow", "");
  return more.empty() ? std::move(file) : pipeline.read_for_trial(what, more);
}

// "rows.jsonl:17: message", for as many as one reads.
LineWriter bad_row_writer(std::string from) {
  return [from = std::move(from), told = std::uint64_t{0}](
             const std::string&, const OutputRecord& letter, std::string& out) mutable {
    if (++told > bad_rows_told) return;
    std::int64_t line = 0;
    std::string_view message;
    for (const Header& header : letter.headers) {
      const std::string_view value = header.value.value_or("");
      if (header.name == "__thalweg.errors.offset")
        std::from_chars(value.data(), value.data() + value.size(), line);
      if (header.name == "__thalweg.errors.message") message = value;
    }
    out += fmt::format("{}:{}: {}\n", from, line + 1, message);
    if (told == bad_rows_told) out += "… further ones are only counted\n";
  };
}

// What another process reads there is whole, or not there.
Status write_file(const std::string& path, const std::string& text) {
  const std::string part = path + ".part";
  std::ofstream file(part, std::ios::binary);
  file << text << '\n';
  file.close();
  std::error_code error;
  if (file) fs::rename(part, path, error);
  if (file && !error) return {};
  fs::remove(part, error);
  return Error(Code::io_failed, "--out: expected to write '" + path +
                                    "'; it failed; is its folder there, and has the disk room?");
}

struct Made {
  std::string model;
  std::int64_t version = 0;
  monitor::Baseline baseline;
  Summary summary;
};

Result<Made> run_rows(PipelineFile file, const std::string& model, const BaselineOptions& options) {
  Made made{.model = model, .version = 0, .baseline = {}, .summary = {}};
  auto in = options.from == "-" ? FileDescriptor::borrowed(STDIN_FILENO)
                                : FileDescriptor::to_read(options.from, "--from");
  if (!in) return std::move(in).error();
  monitor::BaselineMaker maker(model, sample_rows);
  Log log(std::max(log_level_of(file.values), LogLevel::warning), log_format_of(file.values));
  if (options.quiet) log.without_progress();
  const std::string topic = input_topics(file.values.section("from")).front();
  Process process(builtins(), log);
  if (Status added = process.add(std::move(file), &maker); !added) return std::move(added).error();
  const LineWriters writers{.output = [](const std::string&, const OutputRecord&, std::string&) {},
                            .dead_letter = bad_row_writer(options.from)};
  const Ports ports{
      .source = [&](const PipelineFile&, std::size_t) -> Result<std::unique_ptr<Source>> {
        return std::unique_ptr<Source>(
            std::make_unique<LinesSource>(LinesSourceOptions{.fd = in->get(), .topic = topic}));
      },
      .sink = [&](const PipelineFile&) -> Result<std::unique_ptr<Sink>> {
        return std::unique_ptr<Sink>(
            std::make_unique<LinesSink>(STDOUT_FILENO, STDERR_FILENO, writers));
      }};
  Status ran = process.run(ports);
  log.progress("");
  if (!ran) return std::move(ran).error();
  made.summary = summary_of(process.pipelines());
  const auto versions = maker.versions();
  if (versions.empty())
    return unusable(
        fmt::format("--from: expected rows that model '{}' answers; got none: {}; is "
                    "it the right file?",
                    model, words_for(made.summary)));
  made.version = versions.front();
  made.baseline = maker.baseline();
  return made;
}

int tell(const Made& made, const BaselineOptions& options) {
  const std::string text = to_json(made.baseline);
  if (options.out.empty()) {
    fmt::print("{}\n", text);
  } else if (Status written = write_file(options.out, text); !written) {
    return report(written.error());
  }
  if (options.json) {
    fmt::print(
        "{{\"model\":{},\"version\":{},\"path\":{},\"rows\":{},\"fields\":{},\"lines\":{},"
        "\"dead\":{},\"filtered\":{}}}\n",
        config::json_string(made.model), made.version, config::json_string(options.out),
        made.baseline.rows, made.baseline.fields.size(), made.summary.in, made.summary.dead,
        made.summary.filtered);
  } else if (!options.quiet) {
    fmt::print(stderr, "baseline of {} {}: {} of {}; {}\n", made.model, made.version,
               counted(made.baseline.fields.size(), "field"), counted(made.baseline.rows, "row"),
               words_for(made.summary));
  }
  return made.summary.dead > 0 ? exit_findings : exit_ok;
}

}  // namespace

int make_baseline(const std::string& what, const BaselineOptions& options) {
  if (options.from.empty() || (options.json && options.out.empty())) {
    fmt::print(stderr, "error: thalweg model baseline: {}\n",
               options.from.empty()
                   ? "expected --from, a file of training rows as JSON lines; got none"
                   : "--json: expected --out too, since the baseline itself goes to standard "
                     "output otherwise; got none");
    return exit_usage;
  }
  std::string model;
  auto file =
      is_pipeline(what) ? pipeline_of(what, options, model) : pipeline_around(what, options);
  if (!file) return report(file.error());
  if (model.empty()) model = file->values.node("models").entries().front().first;
  auto made = run_rows(*std::move(file), model, options);
  return made ? tell(*made, options) : report(made.error());
}

}  // namespace thalweg::cli
