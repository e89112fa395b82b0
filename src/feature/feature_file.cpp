// Reads assets.extra/features.yaml of a model version.
#include <fmt/format.h>

#include "config/column_type.h"
#include "config/yaml_reader.h"
#include "feature/program.h"

namespace thalweg {
namespace {

const Section section{
    .name = "features file",
    .doc = "What a model version wants to be computed before it is called.",
    .settings = {{.name = "inputs",
                  .type = SettingType::node,
                  .example = "{value: string}",
                  .required = true,
                  .doc = "The fields the features read, with their types."},
                 {.name = "features",
                  .type = SettingType::node,
                  .required = true,
                  .doc = "The model's inputs: a map from names to expressions."}}};

Result<Schema> read_inputs(const Node& node) {
  if (!node.is_map())
    return config_error(
        node.where(),
        fmt::format("inputs: expected a map from fields to types; got {}", node.shown()));
  Schema inputs;
  for (const auto& [name, type] : node.entries()) {
    if (!type.is_scalar())
      return config_error(
          node.key_where(name),
          fmt::format("inputs: field '{}': expected a type, as in float32 or string; got {}", name,
                      type.shown()));
    auto parsed = parse_column_type(type.text());
    if (!parsed)
      return config_error(type.where(),
                          fmt::format("inputs: field '{}': {}", name, parsed.error().message()));
    inputs.fields.push_back({name, *std::move(parsed)});
  }
  return inputs;
}

}  // namespace

Result<FeatureFile> read_feature_file(const std::string& path) {
  YamlOptions options;
  options.expand = false;  // a model has no business in the environment of the process
  auto node = read_yaml_file(path, options);
  if (!node) return std::move(node).error();
  auto values = read(section, *node);
  if (!values) return std::move(values).error();
  auto inputs = read_inputs(values->node("inputs"));
  if (!inputs) return std::move(inputs).error();
  const std::size_t slash = path.rfind('/');
  return FeatureFile{*std::move(inputs), values->node("features"),
                     slash == std::string::npos ? std::string(".") : path.substr(0, slash)};
}

}  // namespace thalweg
