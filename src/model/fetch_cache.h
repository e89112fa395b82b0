// Where fetched versions are kept: a folder that all pipelines and processes of a machine may share, bounded in bytes.
//
//   CACHE/<hash of its manifest>/   a version, whole; its time is that of its last use
//   CACHE/.fetch-XXXXXX/            one on its way in
//   CACHE/.gone-XXXXXX/             one on its way out
//
// Who uses a version, or fetches one, holds a lock on its folder (flock), which ends with him however he ends. What nobody holds may go:
// the versions that were not used for longest, while all are more than the bound; and what a dead process left of the other two kinds.
// On a file system without such locks nothing is ever removed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "thalweg/error.h"

namespace thalweg {

// A folder of the cache that stays as long as this lives.
class CacheUse {
 public:
  // `folder`: open, and closed by this.
  CacheUse(std::string path, int folder) : path_(std::move(path)), folder_(folder) {}
  ~CacheUse();
  CacheUse(const CacheUse&) = delete;
  CacheUse& operator=(const CacheUse&) = delete;
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  friend class FetchCache;
  const std::string path_;
  const int folder_;
};

// Any thread, any process. Blocks for as long as the disk takes.
class FetchCache {
 public:
  // `folder` need not be there yet. Empty: below the user's cache folder.
  FetchCache(const std::string& folder, std::uint64_t bytes_max);
  [[nodiscard]] const std::string& folder() const noexcept { return folder_; }

  // The version with this hash, which counts as used now. Null: it is not there.
  [[nodiscard]] std::shared_ptr<const CacheUse> use(const std::string& sha256) const;
  // An empty folder to fetch one into. Errors: io_failed.
  [[nodiscard]] Result<std::shared_ptr<const CacheUse>> begin() const;
  // What was fetched there gets its name, or makes room for the same that somebody else has brought meanwhile. Errors: io_failed.
  [[nodiscard]] Result<std::shared_ptr<const CacheUse>> keep(
      const std::shared_ptr<const CacheUse>& fetched, const std::string& sha256) const;
  // Out of the cache, in use or not: it is not what it should be.
  void remove(const std::string& path) const;
  // What may go, goes.
  void tidy() const;

 private:
  void tidy_leftovers() const;

  const std::string folder_;
  const std::uint64_t bytes_max_;
};

}  // namespace thalweg
