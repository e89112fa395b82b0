#include "cli/describe_command.h"

#include <memory>

#include <fmt/format.h>

#include "cli/pipeline_options.h"
#include "run/exit_code.h"
#include "run/models_of.h"
#include "run/topology.h"

namespace thalweg::cli {
namespace {

struct Options {
  PipelineOptions pipeline;
  std::string format = "text";
  bool json = false;
};

int describe(const Options& options) {
  auto file = options.pipeline.read(options.pipeline.path());
  if (!file) return report(file.error());
  auto models = models_of(*file, builtins());
  if (!models) return report(models.error());
  auto chain = build_chain(*file, builtins(), **models);
  if (!chain) return report(chain.error());
  const Topology topology = topology_of(*file, **chain);
  if (options.json || options.format == "json") {
    fmt::print("{}", topology_json(topology));
  } else {
    fmt::print("{}", options.format == "dot" ? topology_dot(topology) : topology_text(topology));
  }
  return exit_ok;
}

}  // namespace

void add_describe_command(Commands& commands) {
  auto options = std::make_shared<Options>();
  Command command = commands.add(
      "describe", "Show a pipeline's topology, with names, types and shapes between the steps",
      "  thalweg describe fraud.yaml\n"
      "  thalweg describe fraud.yaml --format json | jq '.nodes[].name'\n"
      "  thalweg describe fraud.yaml --format dot | dot -Tsvg > fraud.svg\n"
      "\nThe models are loaded, since they say what their outputs are.",
      [options] { return describe(*options); });
  options->pipeline.declare_file(command);
  const Option format = command.add_option("--format", options->format, "How to show it")
                            .one_of({"text", "json", "dot"})
                            .capture_default_str();
  command.add_flag("--json", options->json, "The same as --format json").excludes(format);
}

}  // namespace thalweg::cli
