#include "cli/check_command.h"

#include <chrono>
#include <memory>

#include <fmt/format.h>

#include "cli/check_broker.h"
#include "cli/check_control.h"
#include "cli/findings.h"
#include "cli/pipeline_options.h"
#include "cli/terminal.h"
#include "model/signatures.h"
#include "run/exit_code.h"
#include "run/kafka_ports.h"
#include "run/models_of.h"
#include "run/topology.h"
#include "run/watched_names.h"

namespace thalweg::cli {
namespace {

struct Options {
  PipelineOptions pipeline;
  bool offline = false;
  bool json = false;
  bool strict = false;
  std::size_t timeout_s = 10;
};

void check_configuration(const PipelineFile& file, Findings& findings) {
  const Values& v = file.values;
  findings.ok("configuration",
              fmt::format("pipeline '{}', {}, {}", v.string("pipeline"),
                          counted(static_cast<std::uint64_t>(v.integer("workers")), "worker"),
                          v.string("delivery")));
  if (!v.given("dead_letters")) {
    findings.warning(
        "dead_letters",
        "not configured: the pipeline will stop at the first record that cannot go on");
  }
}

void check_models(ModelProvider& models, Findings& findings) {
  for (const std::string& name : models.names()) {
    const std::string subject = fmt::format("model '{}'", name);
    auto handle = models.model(name);
    if (!handle) {
      findings.error(subject, handle.error());
      continue;
    }
    auto version = (*handle)->current();
    std::string text = fmt::format("version {}, {}, {}", version->version, version->runtime,
                                   to_string(version->signature));
    if (version->feature_file) text += "; with features of its own";
    if (version->rows_max > 0) text += fmt::format("; at most {} rows a call", version->rows_max);
    findings.ok(subject, std::move(text), cost_table(*version));
    for (const std::string& warning : version->warnings) findings.warning(subject, warning);
    findings.models.push_back(std::move(version));
  }
}

// One that cannot watch stops nothing, here as in a run.
void check_shadows(const Models& models, Findings& findings) {
  for (const std::string& name : models.names()) {
    const ShadowStatus shadow = models.served(name)->shadow();
    if (!shadow.wanted || shadow.watches) continue;
    findings.warning(fmt::format("model '{}'", name),
                     "its shadow would see no rows: " +
                         (shadow.refusal ? shadow.refusal->message()
                                         : std::string("it has not loaded within `slow_load`")));
  }
}

void check_pipeline(const PipelineFile& file, Findings& findings) {
  auto models = models_of(file, builtins());
  if (!models) return findings.error("", models.error());
  check_models(**models, findings);
  if (findings.exit_code() != exit_ok) return;
  auto chain = build_chain(file, builtins(), **models);
  check_shadows(**models, findings);
  if (!chain) return findings.error("", chain.error());
  for (const std::string& warning : watched_names_warnings(file.values, **chain))
    findings.warning("monitoring", warning);
  findings.ok("topology", fmt::format("{}, {}; names, types and shapes fit",
                                      counted((*chain)->steps.size(), "step"),
                                      counted((*chain)->outputs.outputs().size(), "output")));
}

// A pipeline that is still without brokers is no mistake here.
void check_consumer(const PipelineFile& file, Findings& findings) {
  const auto config = kafka_config_of(file);
  if (!config) return;
  if (Status made = try_kafka_consumer(file, *config); !made)
    findings.error("consumer", made.error());
}

int check_one(const Options& options, const std::string& path) {
  Findings findings;
  auto file = options.pipeline.read(path);
  if (!file) {
    findings.error("", file.error());
  } else {
    Findings built;
    check_pipeline(*file, built);
    check_consumer(*file, built);
    // Only now is it known that the file is right in all its parts: models and steps read theirs themselves.
    if (!built.has(Code::config_invalid)) check_configuration(*file, findings);
    findings.append(std::move(built));
    const std::chrono::seconds timeout(options.timeout_s);
    if (!options.offline) check_broker(*file, timeout, findings);
    check_control(*file, timeout, options.offline, findings);
  }
  if (options.json) {
    fmt::print("{}\n", findings.to_json(path));
  } else {
    fmt::print("{}{}{}\n{}", style(stdout).bold, path, style(stdout).off, findings.to_text());
  }
  std::fflush(stdout);
  if (findings.exit_code() != exit_ok) return findings.exit_code();
  return options.strict && findings.has_warnings() ? exit_findings : exit_ok;
}

int check(const Options& options) {
  int code = exit_ok;
  for (const std::string& path : options.pipeline.paths) {
    const int one = check_one(options, path);
    if (code == exit_ok) code = one;
  }
  return code;
}

}  // namespace

void add_check_command(Commands& commands) {
  auto options = std::make_shared<Options>();
  Command command = commands.add(
      "check", "Find out all that can be known before the first record",
      "  thalweg check fraud.yaml               configuration, models, brokers, topics, backlog\n"
      "  thalweg check fraud.yaml --offline     without the brokers\n"
      "  thalweg check fraud.yaml --json        one JSON object a file\n"
      "\nNothing is written or committed. The exit code is the one that `thalweg run` would end "
      "with (docs/exit-codes.md);\n"
      "warnings change it only with --strict, to 1.",
      [options] { return check(*options); });
  options->pipeline.declare_files(command);
  command.add_flag("--offline", options->offline, "Do not ask the brokers");
  command
      .add_option("--timeout", options->timeout_s,
                  "How long to wait for each answer of the brokers")
      .capture_default_str()
      .range(1, 3600)
      .type_name("SECONDS");
  command.add_flag("--json", options->json, "One JSON object a line, for scripts");
  command.add_flag("--strict", options->strict, "Warnings make the exit code 1");
}

}  // namespace thalweg::cli
