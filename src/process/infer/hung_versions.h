// Versions that hung as a shadow: they see no more rows in this process, whichever worker asks and however often the shadow is turned off and on.
//
// A call that hangs cannot be ended, so each further one would cost another thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "model/provider.h"

namespace thalweg {

// Any thread.
class HungVersions {
 public:
  static HungVersions& process();
  void add(const std::shared_ptr<const ModelVersion>& version);
  // By its model, its path, its number and its manifest: loaded again it is the same. One without files is known while it is in memory.
  [[nodiscard]] bool has(const std::shared_ptr<const ModelVersion>& version) const;
  // Grows with each add(): who asks for every batch needs to ask again only then.
  [[nodiscard]] std::uint64_t changes() const noexcept { return changes_.load(); }

 private:
  std::atomic<std::uint64_t> changes_{0};
  mutable std::mutex mutex_;
  std::set<std::string> keys_;                           // guarded by mutex_
  std::vector<std::weak_ptr<const ModelVersion>> bare_;  // guarded by mutex_; without files
};

}  // namespace thalweg
