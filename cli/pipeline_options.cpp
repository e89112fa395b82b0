#include "cli/pipeline_options.h"

#include "cli/pipeline_edit.h"
#include "run/kafka_ports.h"

namespace thalweg::cli {
namespace {

void declare_set(Command& command, std::vector<std::string>& set) {
  command
      .add_option("--set", set, "Override a setting, as --set batch.rows_max=64; may be repeated")
      .type_name("KEY=VALUE")
      .expected(1)
      .take_all()
      .check([](const std::string& text) -> std::string {
        auto parsed = parse_override(text);
        if (parsed.ok()) return {};
        const std::string_view why = parsed.error().message();  // the parser names the option too
        return std::string(why.substr(why.starts_with("--set: ") ? 7 : 0));
      });
}

}  // namespace

void PipelineOptions::declare_file(Command& command) {
  command.add_option("file", paths, "The pipeline file").type_name("FILE").required().expected(1);
  declare_set(command, set);
}

void PipelineOptions::declare_first_file(Command& command) {
  command
      .add_option_function(
          "file", [this](const std::string& file) { paths = {file}; }, "The pipeline file")
      .type_name("FILE")
      .required();
  declare_set(command, set);
}

void PipelineOptions::declare_file_if_any(Command& command) {
  command.add_option("file", paths, "The pipeline file").type_name("FILE").expected(1);
  declare_set(command, set);
}

void PipelineOptions::declare_files(Command& command) {
  command.add_option("file", paths, "One or more pipeline files").type_name("FILE").required();
  declare_set(command, set);
}

Result<PipelineFile> PipelineOptions::read(const std::string& path, const Overrides& more) const {
  Overrides overrides;
  for (const std::string& text : set) {
    auto parsed = parse_override(text);
    if (!parsed) return std::move(parsed).error();
    overrides.push_back(std::move(parsed).value());
  }
  overrides.insert(overrides.end(), more.begin(), more.end());
  auto file = read_pipeline(path, overrides);
  if (!file) return file;
  // Every command hears of a mistyped property, not only those that make a client of it.
  if (auto kafka = kafka_config_of(*file); !kafka) return std::move(kafka).error();
  return file;
}

Result<PipelineFile> PipelineOptions::read_for_trial(const std::string& path,
                                                     const Overrides& more) const {
  auto as_written = read(path);
  if (!as_written) return as_written;
  Overrides overrides{{"workers", "1"}};
  if (as_written->values.given("http")) overrides.emplace_back("http", "");
  if (as_written->values.given("drift")) overrides.emplace_back("drift", "");
  if (!as_written->values.given("dead_letters")) {
    overrides.emplace_back("dead_letters.topic", no_dead_letters_topic);
  }
  overrides.insert(overrides.end(), more.begin(), more.end());
  auto file = read(path, overrides);
  return file ? without_shadows(std::move(file).value()) : std::move(file);
}

}  // namespace thalweg::cli
