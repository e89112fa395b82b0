#include "cli/model_command.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <unistd.h>
#include <vector>

#include <fmt/format.h>

#include "cli/model_baseline.h"
#include "config/json_text.h"
#include "config/pipeline.h"
#include "model/describe.h"
#include "model/publish.h"
#include "model/starter.h"
#include "run/exit_code.h"
#include "run/models_of.h"
#include "run/topology.h"

namespace thalweg::cli {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::vector<std::string> words;  // DIR, or: publish DIR, baseline DIR
  std::string path;
  PublishOptions publish;
  BaselineOptions baseline;
  std::int64_t version = -1;
  std::string output;
  bool json = false;
  bool pipeline = false;
};

// What the file at `output` has to say so that it means the model's path.
std::string path_from(const std::string& path, const std::string& output) {
  if (output.empty() || fs::path(path).is_absolute()) return path;
  return fs::absolute(path)
      .lexically_normal()
      .lexically_proximate(fs::absolute(output).lexically_normal().parent_path())
      .string();
}

// What `check --offline` would say of it. A version whose runtime is not here cannot be tried.
Status check_starter(const std::string& yaml, const std::string& name) {
  auto file = read_pipeline_text(yaml, name);
  if (!file) return std::move(file).error();
  auto models = models_of(*file, builtins());
  if (!models) return std::move(models).error();
  auto chain = build_chain(*file, builtins(), **models);
  if (chain.ok() || chain.error().code() == Code::runtime_missing) return {};
  return std::move(chain).error();
}

Result<std::string> starter_for(const ModelDescription& model, const std::string& output) {
  auto yaml = starter_pipeline(model, path_from(model.path, output));
  if (!yaml) return yaml;
  if (Status checked = check_starter(*yaml, output.empty() ? "pipeline.yaml" : output); !checked) {
    return Error(checked.error().code(), "a pipeline to start from cannot be written by itself: " +
                                             checked.error().message());
  }
  if (!output.empty() || fs::path(model.path).is_absolute()) return yaml;
  return "# To be saved in this folder: `path` is relative to the file.\n" + *yaml;
}

int write_starter(const ModelDescription& model, const std::string& output) {
  if (fs::exists(output)) {
    fmt::print(stderr,
               "error: thalweg model: --output: expected a file that is not there yet; got '{}'; "
               "remove it, or name another\n",
               output);
    return exit_usage;
  }
  auto starter = starter_for(model, output);
  if (!starter) return report(starter.error());
  std::ofstream file(output, std::ios::binary);
  file << *starter;
  file.close();
  if (file) return exit_ok;
  return report(Error(Code::io_failed, "--output: expected to write '" + output +
                                           "'; it failed; is its folder there?"));
}

// One line, drawn again; only for people, and only when it takes long enough to wonder.
void show_progress(std::uint64_t done, std::uint64_t all) {
  using Clock = std::chrono::steady_clock;
  static const auto began = Clock::now();
  static auto shown = began;
  const auto now = Clock::now();
  if (::isatty(STDERR_FILENO) == 0 || now - began < std::chrono::milliseconds(500)) return;
  if (now - shown < std::chrono::milliseconds(100) && done < all) return;
  shown = now;
  fmt::print(stderr, "\rcopied {} of {} MB{}", done >> 20, all >> 20, done == all ? "\n" : "");
}

int publish_version(Options& options) {
  PublishOptions& wanted = options.publish;
  wanted.from = options.words.back();
  wanted.progress = show_progress;
  if (options.version >= 0) wanted.version = options.version;
  if (wanted.base.empty()) {
    fmt::print(stderr,
               "error: thalweg model publish: expected --to, the model's folder; got none; add "
               "--to models/NAME\n");
    return exit_usage;
  }
  auto done = publish(wanted, builtins());
  if (!done) return report(done.error());
  const std::string uri =
      fmt::format("file://{}#sha256={}", fs::absolute(done->path).lexically_normal().string(),
                  done->manifest_sha256);
  if (options.json) {
    fmt::print(
        "{{\"version\":{},\"path\":{},\"uri\":{},\"bytes\":{},\"golden_rows\":{},\"tried\":{}}}\n",
        done->version, config::json_string(done->path), config::json_string(uri), done->bytes,
        done->golden_rows, done->untried.empty());
    return exit_ok;
  }
  fmt::print("version {} is published: {}\n  {}\n", done->version, done->path, uri);
  if (done->golden_rows > 0) fmt::print("  {} golden rows are reproduced\n", done->golden_rows);
  if (!done->untried.empty()) fmt::print("  not tried: {}\n", done->untried);
  return exit_ok;
}

int model(Options& options) {
  const bool publishes = options.words.size() == 2 && options.words.front() == "publish";
  if (publishes) return publish_version(options);
  if (options.words.size() == 2 && options.words.front() == "baseline") {
    options.baseline.version = options.version;
    options.baseline.json = options.json;
    return make_baseline(options.words.back(), options.baseline);
  }
  if (options.words.size() == 2) {
    fmt::print(stderr,
               "error: thalweg model: expected DIR, publish DIR or baseline DIR; got '{} {}'; try "
               "thalweg model --help\n",
               options.words[0], options.words[1]);
    return exit_usage;
  }
  options.path = options.words.front();
  auto described = describe_model(options.path, builtins());
  if (!described) return report(described.error());
  if (options.json) {
    fmt::print("{}", to_json(*described));
    return exit_ok;
  }
  if (!options.output.empty()) return write_starter(*described, options.output);
  if (!options.pipeline) fmt::print("{}", to_text(*described));
  std::fflush(stdout);
  auto starter = starter_for(*described, "");
  if (!starter) return report(starter.error());
  fmt::print("{}{}",
             options.pipeline
                 ? ""
                 : "\n# A pipeline to start from (thalweg model DIR --pipeline prints it alone):\n",
             *starter);
  return exit_ok;
}

void declare_baseline(CLI::App& command, BaselineOptions& options) {
  command
      .add_option("--from", options.from,
                  "baseline: training rows, JSON lines as the stream has them; -: standard input")
      ->type_name("ROWS");
  command
      .add_option("--out", options.out,
                  "baseline: write it there, over what is there; if absent, to standard output")
      ->type_name("FILE");
  command.add_option("--model", options.model, "baseline: of a pipeline with several models")
      ->type_name("NAME");
  command
      .add_option("--set", options.set,
                  "baseline: override a setting of the pipeline file; may be repeated")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->take_all();
  command.add_flag("-q,--quiet", options.quiet, "baseline: no summary, no progress");
}

}  // namespace

void add_model_command(Commands& commands) {
  auto options = std::make_shared<Options>();
  CLI::App& command = commands.add(
      "model", "Show what is in a model directory: versions, signatures, features",
      "  thalweg model models/fraud\n"
      "  thalweg model models/fraud --pipeline > fraud.yaml     a pipeline to start from\n"
      "  thalweg model models/fraud --output conf/fraud.yaml    the same, with paths as seen from "
      "there\n"
      "  thalweg model models/fraud/3 --json                    one version, for scripts\n"
      "  thalweg model publish export --to models/fraud         copy, try, and let appear as the "
      "next version\n"
      "  thalweg model baseline models/fraud --from training.jsonl --out baseline.json\n"
      "                                                         what drift is compared with: for "
      "publish --baseline",
      [options] { return model(*options); });
  command
      .add_option(
          "dir", options->words,
          "The model's folder (with versions 1, 2, …), one version, or a model file; behind "
          "`publish` the version to publish, behind `baseline` also a pipeline file")
      ->type_name("[publish|baseline] DIR")
      ->expected(1, 2)
      ->required();
  CLI::Option* json = command.add_flag("--json", options->json, "One JSON object, for scripts");
  command.add_flag("--pipeline", options->pipeline, "Only the pipeline to start from")
      ->excludes(json);
  command
      .add_option("--output", options->output, "Write the pipeline to start from into a new file")
      ->type_name("FILE")
      ->excludes(json);
  command.add_option("--to", options->publish.base, "publish: the model's folder")
      ->type_name("BASE");
  command
      .add_option("--version", options->version,
                  "publish: the number; if absent, one above the highest. baseline: whose")
      ->type_name("N")
      ->check(CLI::NonNegativeNumber);
  command
      .add_option("--golden", options->publish.golden,
                  "publish: rows with their answers, which every process asks before it serves")
      ->type_name("FILE");
  command
      .add_option("--tolerance", options->publish.tolerance,
                  "publish: how far a golden answer may be off, relative to it above 1")
      ->type_name("X");
  command
      .add_option("--baseline", options->publish.baseline, "publish: statistics of training rows")
      ->type_name("FILE");
  declare_baseline(command, options->baseline);
}

}  // namespace thalweg::cli
