#include "model/runtime/tensorflow/tensorflow_runtime.h"

#include <filesystem>

#include "model/model_section.h"
#include "model/runtime/tensorflow/session.h"

namespace thalweg {
namespace {

namespace fs = std::filesystem;

const Section& section() {
  static const Section& section = *new Section{
      .name = "tensorflow",
      .doc = "A SavedModel of TensorFlow 2 (or 1), every op of the installed TensorFlow included.",
      .settings = {
          {.name = "library",
           .type = SettingType::path,
           .example = "/opt/tensorflow",
           .doc = "Folder of the TensorFlow library; the environment variable "
                  "THALWEG_TENSORFLOW_DIR goes before it. The first "
                  "model loaded decides for the process."},
          {.name = "custom_ops",
           .type = SettingType::strings,
           .example = "[libfoo.so]",
           .doc = "Libraries with further TensorFlow ops, loaded before the model; known to the "
                  "whole process from then on."},
          {.name = "intra_op_threads",
           .type = SettingType::integer,
           .fallback = "1",
           .min = 1,
           .max = 1024,
           .doc = "Threads that share one op. TensorFlow has one such pool in the process: the "
                  "first model loaded decides."},
          {.name = "inter_op_threads",
           .type = SettingType::integer,
           .fallback = "1",
           .min = 1,
           .max = 1024,
           .doc = "Threads that share one graph; with 1 the graph runs in the caller's thread, "
                  "which is cheapest."},
      }};
  return section;
}

class TensorflowRuntime final : public ModelRuntime {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "tensorflow"; }

  [[nodiscard]] bool recognises(const std::string& path) const override {
    std::error_code error;
    return fs::exists(fs::path(path) / "saved_model.pb", error) ||
           fs::exists(fs::path(path) / "saved_model.pbtxt", error);
  }

  [[nodiscard]] Result<std::unique_ptr<LoadedModel>> load(const ModelSpec& spec) override {
    auto settings = read(section(), part_of(section(), spec.runtime_settings));
    if (!settings) return std::move(settings).error();
    auto api = tensorflow::Api::get(settings->has("library") ? settings->string("library") : "");
    if (!api) return std::move(api).error();

    tensorflow::SessionOptions options;
    options.folder = spec.path;
    options.intra_op_threads = static_cast<int>(settings->integer("intra_op_threads"));
    options.inter_op_threads = static_cast<int>(settings->integer("inter_op_threads"));
    for (const std::string& file : settings->strings("custom_ops")) {
      std::string resolved = beside(settings->where("custom_ops"), file);
      std::error_code error;
      // A bare name that is not beside the file is left to the loader's path.
      options.custom_ops.push_back(fs::exists(resolved, error) ? resolved : file);
    }
    if (const Node* signature = spec.runtime_settings.find("signature"))
      options.signature = signature->text();
    return tensorflow::Session::load(**api, options);
  }
};

}  // namespace

RuntimeKind tensorflow_runtime() {
  return {.name = "tensorflow",
          .doc = "SavedModels, through TensorFlow's C API.",
          .section = &section(),
          .make = [] {
            static const auto runtime = std::make_shared<TensorflowRuntime>();
            return runtime;
          }};
}

}  // namespace thalweg
