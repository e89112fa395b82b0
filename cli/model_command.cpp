#include "cli/model_command.h"

#include <filesystem>
#include <fstream>
#include <memory>
#include <vector>

#include <fmt/format.h>

#include "cli/model_baseline.h"
#include "cli/publish_view.h"
#include "config/pipeline.h"
#include "model/describe.h"
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
  PublishWords publish;
  BaselineOptions baseline;
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

int publish_version(Options& options) {
  if (options.publish.wanted.base.empty()) {
    fmt::print(stderr,
               "error: thalweg model publish: expected --to, the model's folder; got none; add "
               "--to models/NAME\n");
    return exit_usage;
  }
  auto done = options.publish.run(options.words.back(), options.json);
  return done ? exit_ok : report(done.error());
}

int model(Options& options) {
  const bool publishes = options.words.size() == 2 && options.words.front() == "publish";
  if (publishes) return publish_version(options);
  if (options.words.size() == 2 && options.words.front() == "baseline") {
    options.baseline.version = options.publish.version;
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

void declare_baseline(Command& command, BaselineOptions& options) {
  command
      .add_option("--from", options.from,
                  "baseline: training rows, JSON lines as the stream has them; -: standard input")
      .type_name("ROWS");
  command
      .add_option("--out", options.out,
                  "baseline: write it there, over what is there; if absent, to standard output")
      .type_name("FILE");
  command.add_option("--model", options.model, "baseline: of a pipeline with several models")
      .type_name("NAME");
  command
      .add_option("--set", options.set,
                  "baseline: override a setting of the pipeline file; may be repeated")
      .type_name("KEY=VALUE")
      .expected(1)
      .take_all();
  command.add_flag("-q,--quiet", options.quiet, "baseline: no summary, no progress");
}

}  // namespace

void add_model_command(Commands& commands) {
  auto options = std::make_shared<Options>();
  Command command = commands.add(
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
      .type_name("[publish|baseline] DIR")
      .expected(1, 2)
      .required();
  const Option json = command.add_flag("--json", options->json, "One JSON object, for scripts");
  command.add_flag("--pipeline", options->pipeline, "Only the pipeline to start from")
      .excludes(json);
  command
      .add_option("--output", options->output, "Write the pipeline to start from into a new file")
      .type_name("FILE")
      .excludes(json);
  command.add_option("--to", options->publish.wanted.base, "publish: the model's folder")
      .type_name("BASE");
  options->publish.declare(command);
  command.get_option("--version")
      .description("publish: the number; if absent, one above the highest. baseline: whose");
  declare_baseline(command, options->baseline);
}

}  // namespace thalweg::cli
