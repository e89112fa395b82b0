#include "cli/recorded_models.h"

#include <utility>

#include <fmt/format.h>

#include "cli/pipeline_edit.h"

namespace thalweg::cli {

class RecordedModels::Handle final : public ModelHandle {
 public:
  explicit Handle(std::shared_ptr<ModelHandle> present)
      : present_(std::move(present)), route_(present_->route()) {}

  [[nodiscard]] const std::string& name() const noexcept override { return present_->name(); }
  [[nodiscard]] std::shared_ptr<const Route> route() const noexcept override { return route_; }
  [[nodiscard]] Status must_fit(VersionCheck check) override {
    checks.push_back(std::move(check));
    return checks.back()(current());
  }
  void follow(std::shared_ptr<const Route> route) { route_ = std::move(route); }

  std::vector<VersionCheck> checks;
  std::map<std::int64_t, std::shared_ptr<const ModelVersion>> versions;
  std::map<const monitor::RecordedRoute*, std::shared_ptr<const Route>> routes;

 private:
  const std::shared_ptr<ModelHandle> present_;
  std::shared_ptr<const Route> route_;
};

RecordedModels::RecordedModels(const PipelineFile& file, std::unique_ptr<Models> present,
                               const Registry& registry)
    : models_(file.values.node("models")), present_(std::move(present)), registry_(registry) {}

RecordedModels::~RecordedModels() = default;

Result<std::shared_ptr<ModelHandle>> RecordedModels::model(std::string_view name) {
  const auto known = handles_.find(name);
  if (known != handles_.end()) return std::shared_ptr<ModelHandle>(known->second);
  auto present = present_->model(name);
  if (!present) return present;
  auto made = std::make_shared<Handle>(std::move(present).value());
  handles_.emplace(name, made);
  return std::shared_ptr<ModelHandle>(std::move(made));
}

Result<std::shared_ptr<const ModelVersion>> RecordedModels::version(Handle& handle,
                                                                    std::int64_t number) {
  const auto known = handle.versions.find(number);
  if (known != handle.versions.end()) return known->second;
  std::shared_ptr<const ModelVersion> found;
  for (const Variant& now : handle.route()->variants)
    if (now.version->version == number) found = now.version;
  if (found == nullptr) {
    const Node* entry = models_.find(handle.name());
    Node changed = entry->is_map() ? *entry : Node::map({{"path", *entry}}, entry->where());
    for (const char* setting : {"variants", "shadow", "guards", "labels"})
      changed = without(changed, setting);
    if (number > 0) {
      changed.set("version", Node::scalar(std::to_string(number)));
    } else {  // a model without numbers
      changed = without(changed, "version");
    }
    auto models = Models::make(Node::map({{handle.name(), changed}}, models_.where()), registry_);
    if (!models) return std::move(models).error();
    auto loaded = (*models)->model(handle.name());
    if (!loaded) return std::move(loaded).error();
    found = (*loaded)->current();
    loaded_.push_back(std::move(models).value());
  }
  for (const VersionCheck& check : handle.checks)
    if (Status fits = check(found); !fits) return std::move(fits).error();
  handle.versions.emplace(number, found);
  return found;
}

Status RecordedModels::answer_as(const std::string& model, const monitor::RecordedRoute& recorded) {
  if (auto used = this->model(model); !used) return std::move(used).error();
  Handle& handle = *handles_.find(model)->second;
  auto& route = handle.routes[&recorded];
  if (route == nullptr) {
    auto made = std::make_shared<Route>();
    made->epoch = recorded.epoch;
    made->salt = recorded.salt;
    made->key = recorded.key;
    for (const monitor::RecordedVariant& variant : recorded.variants) {
      auto loaded = version(handle, variant.version);
      if (!loaded) return std::move(loaded).error();
      made->variants.push_back({variant.name, variant.end, std::move(loaded).value()});
    }
    route = std::move(made);
  }
  handle.follow(route);
  return {};
}

}  // namespace thalweg::cli
