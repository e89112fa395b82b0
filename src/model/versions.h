// The versions of a model on disk, laid out as TensorFlow Serving does it: models/x/1, models/x/2, …
//
// A path may also be one version itself: a folder with saved_model.pb (or model.onnx, …) in it, or such a file. Its number is then
// its folder's name if that is a number, else 0: a version without a number.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "thalweg/error.h"

namespace thalweg {

struct VersionPath {
  std::int64_t version = 0;
  std::string path;
  Status complete;  // why it cannot be loaded, if it is half copied (or known to fail)
};

// Does a runtime know this folder or file as a model, though it is none of the kinds of files.h?
using Recognises = std::function<bool(const std::string& path)>;

// All versions below `path`, lowest first, judged by names only. Errors: model_missing (nothing there, not a folder, empty).
[[nodiscard]] Result<std::vector<VersionPath>> list_versions(const std::string& path,
                                                             const Recognises& also = {});
// Is all there that a version needs: what its manifest lists, or else what its kind of model is made of? Errors: model_missing,
// model_invalid.
[[nodiscard]] Status check_version(const std::string& path, const Recognises& also = {});
// Both: all versions, complete or not.
[[nodiscard]] Result<std::vector<VersionPath>> find_versions(const std::string& path,
                                                             const Recognises& also = {});

struct ChosenVersion {
  std::int64_t version = 0;
  std::string path;
  std::vector<std::string> warnings;  // "version 7 is skipped: …"
};

// "12", but not "012", "+1" or "1.tmp": copy tools leave such names behind.
[[nodiscard]] std::optional<std::int64_t> version_number(const std::string& name);

// Of the versions found below `path`. `wanted`: "latest" (the highest that is complete) or a number. Errors: config_invalid
// (neither), model_missing, model_invalid (half copied).
[[nodiscard]] Result<ChosenVersion> choose_version(const std::string& path,
                                                   const std::vector<VersionPath>& versions,
                                                   const std::string& wanted);

}  // namespace thalweg
