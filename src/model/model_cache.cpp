#include "model/model_cache.h"

#include <algorithm>
#include <filesystem>

#include "model/files.h"
#include "model/model_section.h"

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

// Settings that decide which version serves and when, and nothing about what a version answers.
bool concerns_answers(const std::string& setting) {
  const auto& about_life = life_settings();
  return std::find(about_life.begin(), about_life.end(), setting) == about_life.end();
}

// Everything that makes a difference: the version's files as they are now and all settings, in one order. Relative paths in the
// settings mean other files in another folder, so the folder belongs to it.
std::string key_of(const ModelEntry& entry, const VersionFiles& files) {
  std::error_code error;
  std::string key = std::to_string(files.version) + "\n";
  if (!files.path.empty()) {
    key += fs::weakly_canonical(files.path, error).string() + "\n" + fingerprint(files.path);
  }
  std::vector<std::string> settings;
  for (const auto& [name, value] : entry.node.entries()) {
    if (concerns_answers(name)) settings.push_back(name + "=" + value.to_json());
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
                                                             const Registry& registry,
                                                             const VersionFiles& files,
                                                             const std::function<void()>& loaded,
                                                             const std::vector<BatchCost>& before) {
  std::shared_ptr<Slot> slot;
  std::string key = key_of(entry, files);  // before the lock: a folder may be on a drive that hangs
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(slots_, [](const auto& item) {
      if (item.second.use_count() > 1) return false;  // somebody is loading it
      const std::lock_guard slot_lock(item.second->mutex);
      return item.second->version.expired();
    });
    auto& found = slots_[std::move(key)];
    if (found == nullptr) found = std::make_shared<Slot>();
    slot = found;
  }
  const std::lock_guard lock(slot->mutex);
  if (auto version = slot->version.lock()) return version;
  auto version = load_version(entry, registry, files, loaded, before);
  if (version.ok()) slot->version = *version;
  return version;
}

std::unique_ptr<ModelVersion> lend(const std::string& name,
                                   std::shared_ptr<const LoadedVersion> shared) {
  auto version = std::make_unique<ModelVersion>();
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
  version->manifest = facts.manifest;
  version->golden_rows = facts.golden_rows;
  version->content = facts.content;
  version->loaded = std::make_unique<SharedModel>(std::move(shared));
  return version;
}

}  // namespace thalweg
