#include "cli/recorded_models.h"

#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "cli/pipeline_edit.h"
#include "model/fetch.h"
#include "model/load.h"
#include "model/manifest.h"

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
  // By number, and hash of the manifest.
  std::map<std::pair<std::int64_t, std::string>, std::shared_ptr<const ModelVersion>> versions;
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

namespace {

std::string manifest_of(const ModelVersion& version) {
  return version.manifest == nullptr ? "" : version.manifest->sha256;
}

bool is(const ModelVersion& version, const monitor::RecordedVariant& then) {
  return version.version == then.version &&
         (then.manifest.empty() || manifest_of(version) == then.manifest);
}

Error another(const std::string& model, const monitor::RecordedVariant& then,
              const ModelVersion& now) {
  if (then.version == 0 && now.version != 0)
    return Error(
        Code::model_missing,
        fmt::format("model '{}': expected the version without a number that answered then; "
                    "got numbered ones, of which {} would be taken: who answered is not "
                    "there any more; give its place as the model's `path`",
                    model, now.version));
  const std::string hash = manifest_of(now);
  return Error(Code::model_missing,
               fmt::format("model '{}': version {}: expected the one that answered then, of the "
                           "manifest {}; got {}: its folder was written over, or it came from an "
                           "address; put it back, or let the model's `cache` be where it was "
                           "fetched to",
                           model, then.version, then.manifest,
                           hash.empty() ? "one without a manifest" : "that of " + hash));
}

}  // namespace

// `version` empty: what there is.
Result<std::shared_ptr<const ModelVersion>> RecordedModels::load(const std::string& model,
                                                                 const std::string& version) {
  const Node* entry = models_.find(model);
  Node changed = entry->is_map() ? *entry : Node::map({{"path", *entry}}, entry->where());
  for (const char* setting : {"variants", "shadow", "guards", "labels", "version"})
    changed = without(changed, setting);
  if (!version.empty()) changed.set("version", Node::scalar(version));
  auto models = Models::make(Node::map({{model, changed}}, models_.where()), registry_);
  if (!models) return std::move(models).error();
  auto loaded = (*models)->model(model);
  if (!loaded) return std::move(loaded).error();
  auto found = (*loaded)->current();
  loaded_.push_back(std::move(models).value());
  return found;
}

Result<std::shared_ptr<const ModelVersion>> RecordedModels::find(
    const Handle& handle, const monitor::RecordedVariant& then) {
  for (const Variant& now : handle.route()->variants)
    if (is(*now.version, then)) return now.version;
  auto by_number =
      load(handle.name(), then.version > 0 ? std::to_string(then.version) : std::string());
  if (by_number && is(**by_number, then)) return by_number;
  auto entry = read_entry(handle.name(), *models_.find(handle.name()), registry_);
  if (!entry) return std::move(entry).error();
  if (!then.manifest.empty()) {
    const Values& values = entry->values;
    const std::string fetched =
        fetched_folder(values.has("cache") ? values.string("cache") : "", then.manifest);
    if (std::filesystem::is_directory(fetched)) {
      auto by_hash = load(handle.name(), "file://" + fetched + "#sha256=" + then.manifest);
      if (!by_hash || is(**by_hash, then)) return by_hash;
    }
  }
  if (!by_number) return by_number;
  return another(handle.name(), then, **by_number);
}

Result<std::shared_ptr<const ModelVersion>> RecordedModels::version(
    Handle& handle, const monitor::RecordedVariant& then) {
  const std::pair key(then.version, then.manifest);
  if (const auto known = handle.versions.find(key); known != handle.versions.end())
    return known->second;
  auto found = find(handle, then);
  if (!found) return found;
  for (const VersionCheck& check : handle.checks)
    if (Status fits = check(*found); !fits) return std::move(fits).error();
  handle.versions.emplace(key, *found);
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
      auto loaded = version(handle, variant);
      if (!loaded) return std::move(loaded).error();
      made->variants.push_back({variant.name, variant.end, std::move(loaded).value()});
    }
    route = std::move(made);
  }
  handle.follow(route);
  return {};
}

}  // namespace thalweg::cli
