// What lies in a model's folder, looked at again and again: cheap, since only what changed is read.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "thalweg/registry.h"

#include "model/own_entry.h"
#include "model/versions.h"

namespace thalweg {

struct FolderVersion {
  std::int64_t version = 0;
  std::string path;
  std::string fingerprint;
  Status complete;  // why it cannot be loaded now: half copied, or still changing
};

// Owns all it uses, since a look may hang and be left behind: then the next one is of a copy. One thread at a time.
class VersionFolder {
 public:
  VersionFolder(const ModelEntry& entry, const Registry& registry);
  // All versions, lowest first. A version without manifest that was not there at the first look is complete only when two looks in a
  // row find the same: whoever copies it may still be at it. Errors: model_missing.
  [[nodiscard]] Result<std::vector<FolderVersion>> look();

 private:
  struct Seen {
    std::string fingerprint;
    Status complete;
    bool rests = false;  // it needs no second look
  };
  [[nodiscard]] Seen judge(const std::string& path, const Seen* before) const;

  std::shared_ptr<const OwnEntry> own_;
  bool first_ = true;
  std::map<std::string, Seen> seen_;
};

}  // namespace thalweg
