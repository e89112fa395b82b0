#include "model/models.h"

namespace thalweg {

Result<std::unique_ptr<Models>> Models::make(const Node& models, const Registry& registry,
                                             ModelCache& cache) {
  auto made = std::make_unique<Models>();
  if (!models.is_null() && !models.is_map()) {
    return config_error(models.where(),
                        "models: expected a map of name: settings; got " +
                            std::string(models.is_scalar() ? "a scalar" : "a list"));
  }
  for (const auto& [name, node] : models.entries()) {
    auto entry = read_entry(name, node, registry);
    if (!entry) return std::move(entry).error();
    auto served = ServedModel::make(std::move(*entry), registry, cache);
    if (!served) return std::move(served).error();
    made->known_.emplace(name, std::move(*served));
  }
  return made;
}

Result<std::shared_ptr<ModelHandle>> Models::model(std::string_view name) {
  const auto it = known_.find(name);
  if (it == known_.end()) {
    const std::vector<std::string> all = names();
    return Error(Code::config_invalid,
                 "expected a model of `models`; got '" + std::string(name) + "', which is none." +
                     (all.empty() ? " There are no models; add it under `models:`"
                                  : did_you_mean(name, all) + " There are " + quoted_list(all)));
  }
  if (Status open = it->second->open(); !open.ok()) return std::move(open).error();
  return std::shared_ptr<ModelHandle>(it->second);
}

std::shared_ptr<ServedModel> Models::served(std::string_view name) const {
  const auto it = known_.find(name);
  return it == known_.end() ? nullptr : it->second;
}

std::vector<VersionStatus> Models::versions() const {
  std::vector<VersionStatus> all;
  for (const auto& [name, served] : known_) {
    for (VersionStatus& status : served->status()) all.push_back(std::move(status));
  }
  return all;
}

void Models::start() {
  for (const auto& [name, served] : known_) {
    if (!served->route()->variants.empty()) served->start();
  }
}

void Models::on_news(const std::function<void(const VersionNews&)>& told) {
  for (const auto& [name, served] : known_) served->on_news(told);
}

std::vector<std::string> Models::names() const {
  std::vector<std::string> names;
  for (const auto& [name, known] : known_) names.push_back(name);
  return names;
}

Status Models::load_all() {
  for (const auto& [name, known] : known_) {
    if (auto handle = model(name); !handle) return std::move(handle).error();
  }
  return {};
}

}  // namespace thalweg
