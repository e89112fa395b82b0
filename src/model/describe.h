// What `thalweg model DIR` says: versions, signatures, features. The pipeline to start from is made in starter.h.
#pragma once

#include <string>
#include <vector>

#include "thalweg/error.h"
#include "thalweg/model.h"
#include "thalweg/registry.h"

#include "feature/program.h"
#include "model/versions.h"

namespace thalweg {

struct DescribedVersion {
  std::int64_t version = 0;
  std::string path;
  std::string runtime;                // empty: none knows it
  std::vector<Signature> signatures;  // also of some that cannot be used: a SavedModel's file tells
  std::vector<std::string> feature_inputs;  // "value: string"; empty: no features of its own
  std::string problem;                      // why it cannot be used, or empty
  bool untried = false;                     // the problem is only that its runtime is not here
  // Of its manifest.json; empty: it has none, or does not say.
  std::string manifest_sha256, golden, baseline, features_sha256;
  bool bytes_input = false;  // its graph parses bytes: an image, a tf.Example
};

struct ModelDescription {
  std::string path;
  std::vector<DescribedVersion> versions;  // lowest first
};

// Loads each version and calls it once: what it is told to be usable is. What cannot be loaded, for want of its runtime or
// because it is broken, still shows its signatures where its file tells them (SavedModel). Errors: model_missing (nothing there).
[[nodiscard]] Result<ModelDescription> describe_model(const std::string& path,
                                                      const Registry& registry);

[[nodiscard]] std::string to_text(const ModelDescription& model);
[[nodiscard]] std::string to_json(const ModelDescription& model);

}  // namespace thalweg
