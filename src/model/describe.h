// What `thalweg model DIR` says: versions, signatures, features, and a pipeline to start from.
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
  std::string runtime;                      // empty: none knows it
  std::vector<Signature> signatures;        // empty if `problem` is set
  std::vector<std::string> feature_inputs;  // "value: string"; empty: no features of its own
  std::string problem;                      // why it cannot be used, or empty
};

struct ModelDescription {
  std::string path;
  std::vector<DescribedVersion> versions;  // lowest first
};

// Reads signatures from the files where that is possible (SavedModel), else by loading the version; without a runtime the others
// have a problem. Errors: model_missing (nothing there).
[[nodiscard]] Result<ModelDescription> describe_model(const std::string& path,
                                                      const Registry& registry);

[[nodiscard]] std::string to_text(const ModelDescription& model);
[[nodiscard]] std::string to_json(const ModelDescription& model);

// A pipeline file for the highest usable version: fields, features and outputs are filled in as far as the signature tells. Errors:
// model_invalid (no version is usable).
[[nodiscard]] Result<std::string> starter_pipeline(const ModelDescription& model);

}  // namespace thalweg
