// Reads a pipeline file: YAML, then overrides, then the declarations, then what must fit together.
#include "config/pipeline.h"

#include <algorithm>

#include <fmt/format.h>

#include "config/expected.h"
#include "config/overrides.h"
#include "config/pipeline_check.h"
#include "config/yaml_reader.h"

namespace thalweg {

namespace {

// `x-…` keys are the user's place for YAML anchors.
Node without_extensions(const Node& root) {
  std::vector<std::pair<std::string, Node>> kept;
  std::vector<Where> wheres;
  for (const auto& [key, value] : root.entries()) {
    if (key.starts_with("x-")) continue;
    kept.emplace_back(key, value);
    wheres.push_back(root.key_where(key));
  }
  return Node::map(std::move(kept), root.where(), std::move(wheres));
}

Result<PipelineFile> finish(Node root, const Overrides& overrides, std::string path) {
  if (auto status = config::apply_overrides(root, overrides, {}); !status)
    return std::move(status).error();
  if (root.is_map()) root = without_extensions(root);
  auto values = read(pipeline_section(), root);
  if (!values) return std::move(values).error();
  if (auto status = config::check_pipeline(*values); !status) return std::move(status).error();
  PipelineFile file{*std::move(values), std::move(root), std::move(path), {}};
  if (const std::size_t slash = file.path.rfind('/'); slash != std::string::npos) {
    file.folder = slash == 0 ? "/" : file.path.substr(0, slash);
  }
  return file;
}

Result<PipelineFile> finish_yaml(Result<Node> root, const Overrides& overrides,
                                 const std::string& name) {
  if (!root) return std::move(root).error();
  if (root->is_null()) {
    const Where where{std::make_shared<const std::string>(name), 1, 1};
    return config_error(
        where,
        "expected a pipeline; got an empty file; `thalweg model DIR` prints one to start from");
  }
  return finish(*std::move(root), overrides, name);
}

}  // namespace

Result<PipelineFile> read_pipeline(const std::string& path, const Overrides& overrides) {
  return finish_yaml(read_yaml_file(path), overrides, path);
}

Result<PipelineFile> read_pipeline_text(std::string_view text, const std::string& name,
                                        const Overrides& overrides) {
  YamlOptions options;
  options.name = name;
  return finish_yaml(read_yaml(text, options), overrides, name);
}

Result<PipelineFile> read_pipeline_node(Node root, const Overrides& overrides) {
  return finish(std::move(root), overrides, {});
}

Result<Values> read_format_settings(const Section& common_section, const Values& common,
                                    const Section* format) {
  static const Section nothing{.name = "format", .doc = "", .settings = {}};
  const Section& section = format == nullptr ? nothing : *format;
  Section both = common_section;
  both.settings.insert(both.settings.end(), section.settings.begin(), section.settings.end());
  std::vector<std::pair<std::string, Node>> entries;
  const auto knows = [&section](const std::string& key) {
    return section.open ||
           std::any_of(section.settings.begin(), section.settings.end(),
                       [&key](const Setting& setting) { return setting.name == key; });
  };
  for (const auto& [key, value] : common.others()) {
    if (!knows(key)) return config::unknown_key(both, value.where(), key);
    entries.emplace_back(key, value);
  }
  return read(section, Node::map(std::move(entries), common.where()));
}

}  // namespace thalweg
