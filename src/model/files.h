// What kind of model lies in a folder, and whether it lies there whole.
//
// A version is copied into place while we look: by a script, by git, by a sync. What is half there must never be loaded, so
// that it is judged by what its kind of file needs, and by whether it still changes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "thalweg/error.h"

namespace thalweg {

struct ModelFile {
  enum class Kind : std::uint8_t { saved_model, saved_model_text, onnx, tflite, openvino_ir };
  Kind kind;
  std::string path;  // of the file itself
};

// The model of a folder (saved_model.pb, model.onnx or the only .onnx, …), or the file itself if `path` is one. Looks at names only.
[[nodiscard]] std::optional<ModelFile> model_file(const std::string& path);

// Is everything there that this kind of model needs? Errors: model_missing (no model in it), model_invalid (cut off or half
// copied), each naming the file.
[[nodiscard]] Status check_complete(const std::string& path);

// Each regular file below `path`, in no order; `path` itself if it is one. What is removed meanwhile is passed over.
void each_file(const std::string& path,
               const std::function<void(const std::filesystem::path& file)>& see);

// What lies in the folder itself, as far as it can be read.
[[nodiscard]] std::vector<std::filesystem::path> entries_of(const std::string& folder);

// Names, sizes and times of all files below `path`: equal before and after a load if nothing was copied meanwhile.
[[nodiscard]] std::string fingerprint(const std::string& path);

}  // namespace thalweg
