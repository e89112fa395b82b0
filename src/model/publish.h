// `thalweg model publish`: a version appears in a model's folder at one stroke, whole and tried, or not at all.
//
//   copy into BASE/.publish-… ─▶ hash ─▶ load, warm, golden rows ─▶ manifest.json ─▶ fsync ─▶ rename to BASE/N
//
// Whoever is killed on the way leaves a hidden folder, which is no version; the next publish removes those older than a day.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "thalweg/model.h"
#include "thalweg/registry.h"

namespace thalweg {

// A version that was loaded, warmed and asked for its golden rows.
struct TriedVersion {
  Signature signature;
  std::string runtime;
  std::int64_t golden_rows = 0;
  std::string features_sha256;  // of the pipeline's own features that fed it; empty: it has none
};
using TryVersion =
    std::function<Result<TriedVersion>(const std::string& folder, std::int64_t version)>;

struct PublishOptions {
  std::string from;                     // a version's folder, or a model file
  std::string base;                     // the model's folder; made if it is not there
  std::optional<std::int64_t> version;  // none: one above the highest
  std::string
      golden;  // file of golden rows; empty: those that `from` has, if its manifest names some
  std::string baseline;  // file of baseline statistics; empty: as for golden
  double tolerance = 1e-4;
  TryVersion try_as;  // how the copy is tried; empty: loaded by itself
  // Told while bytes are copied and hashed.
  std::function<void(std::uint64_t done, std::uint64_t all)> progress;
};

struct Published {
  std::int64_t version = 0;
  std::string path;
  std::string manifest_sha256;
  std::uint64_t bytes = 0;
  std::int64_t golden_rows = 0;
  std::string features_sha256;  // as its manifest says; empty: nothing
  std::string untried;          // why it was not loaded: its runtime is not here
};

// Errors: config_invalid (the number is taken), model_missing, model_invalid, model_failed, io_failed.
[[nodiscard]] Result<Published> publish(const PublishOptions& options, const Registry& registry);

}  // namespace thalweg
