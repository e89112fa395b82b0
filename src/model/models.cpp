#include "model/models.h"

#include <algorithm>
#include <atomic>
#include <filesystem>

#include "model/files.h"
#include "model/variant_section.h"
#include "model/wish.h"

namespace thalweg {
namespace {

namespace fs = std::filesystem;

// Lends a shared version to one pipeline, under the pipeline's own name for it.
class SharedModel final : public LoadedModel {
 public:
  explicit SharedModel(std::shared_ptr<const LoadedVersion> version)
      : version_(std::move(version)) {}
  [[nodiscard]] std::span<const Signature> signatures() const noexcept override {
    return version_->loaded->signatures();
  }
  void submit(const Signature& signature, const InferenceRequest& request,
              InferenceDone done) override {
    version_->loaded->submit(signature, request, std::move(done));
  }

 private:
  const std::shared_ptr<const LoadedVersion> version_;
};

std::shared_ptr<const ModelVersion> lend(const std::string& name,
                                         std::shared_ptr<const LoadedVersion> shared) {
  auto version = std::make_shared<ModelVersion>();
  const ModelVersion& facts = shared->facts;
  version->model = name;
  version->version = facts.version;
  version->runtime = facts.runtime;
  version->path = facts.path;
  version->signature = facts.signature;
  version->batch_dim = facts.batch_dim;
  version->fixed_rows = facts.fixed_rows;
  version->rows_max = facts.rows_max;
  version->feature_file = facts.feature_file;
  version->costs = facts.costs;
  version->warnings = facts.warnings;
  version->loaded = std::make_unique<SharedModel>(std::move(shared));
  return version;
}

// Everything that makes a difference: the files as they are now and all settings, in one order. Relative paths in the settings mean
// other files in another folder, so the folder belongs to it.
std::string key_of(const ModelEntry& entry) {
  std::error_code error;
  std::string key;
  if (entry.values.has("path")) {
    const std::string& path = entry.values.string("path");
    key = fs::weakly_canonical(path, error).string() + "\n" + fingerprint(path);
  }
  std::vector<std::string> settings;
  for (const auto& [name, value] : entry.node.entries()) {
    if (name != "path") settings.push_back(name + "=" + value.to_json());
  }
  std::sort(settings.begin(), settings.end());
  for (const std::string& setting : settings) key += setting + "\n";
  if (const auto& file = entry.node.where().file; file != nullptr)
    key += fs::path(*file).parent_path().string();
  return key;
}

}  // namespace

ModelCache& ModelCache::process() {
  static ModelCache cache;
  return cache;
}

Result<std::shared_ptr<const LoadedVersion>> ModelCache::get(const ModelEntry& entry,
                                                             const Registry& registry) {
  std::shared_ptr<Slot> slot;
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(slots_, [](const auto& item) {
      if (item.second.use_count() > 1) return false;  // somebody is loading it
      const std::lock_guard slot_lock(item.second->mutex);
      return item.second->version.expired();
    });
    auto& found = slots_[key_of(entry)];
    if (found == nullptr) found = std::make_shared<Slot>();
    slot = found;
  }
  const std::lock_guard lock(slot->mutex);
  if (auto version = slot->version.lock()) return version;
  auto version = load_version(entry, registry);
  if (version.ok()) slot->version = *version;
  return version;
}

namespace {

// The entry as if it named this one version and nothing else of who answers what, so that versions are shared with whoever else uses them.
Result<ModelEntry> entry_for(const ModelEntry& entry, const VersionWish& version,
                             const Registry& registry) {
  std::vector<std::pair<std::string, Node>> kept;
  std::vector<Where> places;
  for (const auto& [key, value] : entry.node.entries()) {
    if (key == "version" || is_variant_setting(key)) continue;
    kept.emplace_back(key, value);
    places.push_back(entry.node.key_where(key));
  }
  if (version != "latest") {
    kept.emplace_back("version", Node::scalar(version));
    places.push_back(entry.node.where());
  }
  return read_entry(entry.name, Node::map(std::move(kept), entry.node.where(), std::move(places)),
                    registry);
}

}  // namespace

class Models::Handle final : public ModelHandle {
 public:
  Handle(std::string name, std::shared_ptr<const Route> route)
      : name_(std::move(name)), route_(std::move(route)) {}
  [[nodiscard]] const std::string& name() const noexcept override { return name_; }
  [[nodiscard]] std::shared_ptr<const Route> route() const noexcept override {
    return route_.load();
  }

 private:
  const std::string name_;
  std::atomic<std::shared_ptr<const Route>> route_;
};

// Loads all versions that the entry names.
Result<std::shared_ptr<const Route>> Models::route_of(const ModelEntry& entry) {
  auto wish = wish_of(entry);
  if (!wish) return std::move(wish).error();
  const auto load = [&](const VersionWish& version) -> Result<std::shared_ptr<const ModelVersion>> {
    auto own = entry_for(entry, version, registry_);
    if (!own) return std::move(own).error();
    auto loaded = cache_.get(*own, registry_);
    if (!loaded) return std::move(loaded).error();
    return lend(entry.name, std::move(*loaded));
  };
  auto route = std::make_shared<Route>();
  route->salt = wish->salt.empty() ? entry.name : wish->salt;
  route->key = wish->key;
  std::uint32_t end = 0;
  for (const DesiredVariant& variant : wish->variants) {
    auto version = load(variant.version);
    if (!version) return std::move(version).error();
    end += variant.share;
    route->variants.push_back({variant.name, end, std::move(*version)});
  }
  if (wish->shadow) {
    auto version = load(wish->shadow->version);
    if (!version) return std::move(version).error();
    route->shadow = std::move(*version);
    route->shadow_topic = wish->shadow->topic;
    route->shadow_cpu_share = wish->shadow->cpu_share;
  }
  return std::shared_ptr<const Route>(std::move(route));
}

Result<std::unique_ptr<Models>> Models::make(const Node& models, const Registry& registry,
                                             ModelCache& cache) {
  std::unique_ptr<Models> made(new Models(registry, cache));
  if (!models.is_null() && !models.is_map()) {
    return config_error(models.where(),
                        "models: expected a map of name: settings; got " +
                            std::string(models.is_scalar() ? "a scalar" : "a list"));
  }
  for (const auto& [name, node] : models.entries()) {
    auto entry = read_entry(name, node, registry);
    if (!entry) return std::move(entry).error();
    if (auto wish = wish_of(*entry); !wish) return std::move(wish).error();
    auto known = std::make_unique<Known>();
    known->entry = std::move(*entry);
    made->known_.emplace(name, std::move(known));
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
  Known& known = *it->second;
  const std::lock_guard lock(known.mutex);
  if (known.handle == nullptr) {
    auto route = route_of(known.entry);
    if (!route) return std::move(route).error();
    known.handle = std::make_shared<Handle>(it->first, std::move(*route));
  }
  return std::shared_ptr<ModelHandle>(known.handle);
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
