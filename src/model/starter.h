// A pipeline file to start from, made from what a model says of itself.
#pragma once

#include <string>

#include "thalweg/error.h"

#include "model/describe.h"

namespace thalweg {

// For the highest usable version: fields, features and outputs are filled in as far as the signature tells, and comments say what is
// left to the user. `path` is what the file will say, so relative to the folder it will be saved in. Errors: model_invalid (no
// version is usable; each one's reason), signature_mismatch (no output is one per row).
[[nodiscard]] Result<std::string> starter_pipeline(const ModelDescription& model,
                                                   const std::string& path);

}  // namespace thalweg
