#include "model/version_folder.h"

#include <filesystem>

#include "model/files.h"
#include "model/manifest.h"

namespace thalweg {

VersionFolder::VersionFolder(const ModelEntry& entry, const Registry& registry)
    : own_(std::make_shared<const OwnEntry>(entry, registry)) {}

VersionFolder::Seen VersionFolder::judge(const std::string& path, const Seen* before) const {
  Seen now{fingerprint(path), {}, false};
  const bool same = before != nullptr && before->fingerprint == now.fingerprint;
  if (same && before->rests) return *before;
  now.complete = check_version(
      path, [this](const std::string& p) { return recognised(own_->entry, own_->registry, p); });
  std::error_code error;
  const bool listed = std::filesystem::exists(std::filesystem::path(path) / manifest_name, error);
  now.rests = first_ || same || listed;
  return now;
}

Result<std::vector<FolderVersion>> VersionFolder::look() {
  const std::string& path = own_->entry.values.string("path");
  auto listed = list_versions(
      path, [this](const std::string& p) { return recognised(own_->entry, own_->registry, p); });
  if (!listed) {
    // The fake runtime runs without files, and takes any path.
    if (own_->entry.kind == nullptr || own_->entry.kind->name != "fake")
      return std::move(listed).error();
    return std::vector<FolderVersion>{{0, path, {}, {}}};
  }
  std::vector<FolderVersion> versions;
  std::map<std::string, Seen> seen;
  for (const VersionPath& item : *listed) {
    const auto before = seen_.find(item.path);
    Seen now = judge(item.path, before == seen_.end() ? nullptr : &before->second);
    FolderVersion version{item.version, item.path, now.fingerprint, now.complete};
    if (now.complete.ok() && !now.rests) {
      version.complete =
          Error(Code::model_invalid,
                item.path +
                    ": expected files that rest; it is new, and is looked at once more before "
                    "it is loaded, since a copy may be under way");
    }
    versions.push_back(std::move(version));
    seen.emplace(item.path, std::move(now));
  }
  seen_ = std::move(seen);
  first_ = false;
  return versions;
}

}  // namespace thalweg
