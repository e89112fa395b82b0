#include "process/infer/hung_versions.h"

#include <algorithm>

#include <fmt/format.h>

#include "model/manifest.h"

namespace thalweg {
namespace {

std::string key_of(const ModelVersion& version) {
  return fmt::format("{}\n{}\n{}\n{}", version.model, version.path, version.version,
                     version.manifest == nullptr ? "" : version.manifest->sha256);
}

}  // namespace

HungVersions& HungVersions::process() {
  static HungVersions versions;
  return versions;
}

void HungVersions::add(const std::shared_ptr<const ModelVersion>& version) {
  const std::lock_guard lock(mutex_);
  if (version->path.empty()) {
    std::erase_if(bare_, [](const auto& other) { return other.expired(); });
    bare_.push_back(version);
  } else {
    keys_.insert(key_of(*version));
  }
  changes_.fetch_add(1);
}

bool HungVersions::has(const std::shared_ptr<const ModelVersion>& version) const {
  const std::lock_guard lock(mutex_);
  if (!version->path.empty()) return keys_.contains(key_of(*version));
  return std::any_of(bare_.begin(), bare_.end(),
                     [&](const auto& other) { return other.lock() == version; });
}

}  // namespace thalweg
