#include "cli/pipeline_edit.h"

#include <algorithm>
#include <vector>

namespace thalweg::cli {

Node without(const Node& map, std::string_view key) {
  std::vector<std::pair<std::string, Node>> entries;
  std::vector<Where> wheres;
  for (const auto& [name, value] : map.entries()) {
    if (name == key) continue;
    entries.emplace_back(name, value);
    wheres.push_back(map.key_where(name));
  }
  return Node::map(std::move(entries), map.where(), std::move(wheres));
}

Result<PipelineFile> with_root(const PipelineFile& file, Node root) {
  auto changed = read_pipeline_node(std::move(root));
  if (!changed) return changed;
  changed->path = file.path;
  changed->folder = file.folder;
  return changed;
}

Result<PipelineFile> without_shadows(PipelineFile file) {
  const Node* models = file.root.find("models");
  if (models == nullptr || !models->is_map()) return file;
  const auto has_shadow = [](const auto& entry) {
    return entry.second.is_map() && entry.second.find("shadow") != nullptr;
  };
  const auto& entries = models->entries();
  if (std::none_of(entries.begin(), entries.end(), has_shadow)) return file;
  Node rest = *models;
  for (const auto& [name, entry] : entries)
    if (entry.is_map()) rest.set(name, without(entry, "shadow"));
  Node root = file.root;
  root.set("models", std::move(rest));
  return with_root(file, std::move(root));
}

}  // namespace thalweg::cli
