// A version given as a URI: brought into a local folder, and checked against the hash that the URI carries.
//
//   file:///models/fraud/3#sha256=9f2c…     used where it lies
//   https://host/fraud/3#sha256=9f2c…       manifest.json, then each file it lists, by curl
//   s3://bucket/fraud/3#sha256=9f2c…        the command of the setting `fetch`
//
// The hash is that of manifest.json, which carries those of all files; so it does not matter who brought them, and a fetched version never
// changes: its folder in the cache is named by the hash.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "thalweg/error.h"

#include "model/fetch_cache.h"

namespace thalweg {

struct FetchOptions {
  std::vector<std::string> command;  // with {uri} and {dir}; empty: none
  std::vector<std::string> secrets;  // words of the command that nobody may see
  std::string cache;                 // empty: below the user's cache folder
  std::uint64_t cache_bytes_max = UINT64_MAX;
  std::chrono::milliseconds timeout{std::chrono::minutes(10)};
  std::function<bool()> stopped;  // asked while a command runs
};

// Where a version with this manifest lies once it was fetched, whether it is there or not. `cache` as FetchOptions has it.
[[nodiscard]] std::string fetched_folder(const std::string& cache, const std::string& sha256);

struct FetchedVersion {
  std::int64_t version = 0;
  std::string path;
  std::shared_ptr<const CacheUse>
      use{};  // it stays in the cache as long as this lives; null: it lies elsewhere
};

[[nodiscard]] bool is_uri(const std::string& wish) noexcept;

// Blocks for as long as fetching takes. Errors: config_invalid (no hash, no command for this kind), model_invalid (other content),
// model_unavailable (the command failed or took too long), io_failed.
[[nodiscard]] Result<FetchedVersion> fetch_version(const std::string& uri,
                                                   const FetchOptions& options);

}  // namespace thalweg
