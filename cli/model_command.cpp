#include "cli/model_command.h"

#include <filesystem>
#include <fstream>
#include <memory>

#include <fmt/format.h>

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
  std::string path;
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

int model(const Options& options) {
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

}  // namespace

void add_model_command(Commands& commands) {
  auto options = std::make_shared<Options>();
  CLI::App& command = commands.add(
      "model", "Show what is in a model directory: versions, signatures, features",
      "  thalweg model models/fraud\n"
      "  thalweg model models/fraud --pipeline > fraud.yaml     a pipeline to start from\n"
      "  thalweg model models/fraud --output conf/fraud.yaml    the same, with paths as seen from "
      "there\n"
      "  thalweg model models/fraud/3 --json                    one version, for scripts",
      [options] { return model(*options); });
  command
      .add_option("dir", options->path,
                  "The model's folder (with versions 1, 2, …), one version, or a model file")
      ->type_name("DIR")
      ->required();
  CLI::Option* json = command.add_flag("--json", options->json, "One JSON object, for scripts");
  command.add_flag("--pipeline", options->pipeline, "Only the pipeline to start from")
      ->excludes(json);
  command
      .add_option("--output", options->output, "Write the pipeline to start from into a new file")
      ->type_name("FILE")
      ->excludes(json);
}

}  // namespace thalweg::cli
