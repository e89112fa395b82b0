#include "cli/model_command.h"

#include <memory>

#include <fmt/format.h>

#include "model/describe.h"
#include "run/exit_code.h"

namespace thalweg::cli {
namespace {

struct Options {
  std::string path;
  bool json = false;
  bool pipeline = false;
};

int model(const Options& options) {
  auto described = describe_model(options.path, builtins());
  if (!described) return report(described.error());
  if (options.json) {
    fmt::print("{}\n", to_json(*described));
    return exit_ok;
  }
  auto starter = starter_pipeline(*described);
  if (!options.pipeline) fmt::print("{}", to_text(*described));
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
      "  thalweg model models/fraud/3 --json                    one version, for scripts",
      [options] { return model(*options); });
  command
      .add_option("dir", options->path,
                  "The model's folder (with versions 1, 2, …), one version, or a model file")
      ->type_name("DIR")
      ->required();
  command.add_flag("--json", options->json, "One JSON object, for scripts");
  command.add_flag("--pipeline", options->pipeline, "Only the pipeline to start from");
}

}  // namespace thalweg::cli
