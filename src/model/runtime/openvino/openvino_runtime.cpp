#include "model/runtime/openvino/openvino_runtime.h"

#include "model/files.h"
#include "model/model_section.h"
#include "model/runtime/openvino/compiled.h"

namespace thalweg {
namespace {

const Section& section() {
  static const Section& section = *new Section{
      .name = "openvino",
      .doc =
          "SavedModel, ONNX, TFLite or OpenVINO IR on the processor. Smaller and quicker to load "
          "than TensorFlow; not every "
          "op; int64 is computed as int32 and float64 as float32.",
      .settings = {
          {.name = "library",
           .type = SettingType::path,
           .example = "/opt/openvino",
           .doc = "Folder of the OpenVINO library; the environment variable THALWEG_OPENVINO_DIR "
                  "goes before it. The first "
                  "model loaded decides for the process."},
          {.name = "inference_precision",
           .type = SettingType::string,
           .fallback = "f32",
           .choices = {"f32", "f16", "bf16", "dynamic"},
           .doc = "Precision of the computation; anything but f32 is quicker on some processors "
                  "and answers differ from the "
                  "third digit on."},
          {.name = "intra_op_threads",
           .type = SettingType::integer,
           .fallback = "1",
           .min = 1,
           .max = 1024,
           .doc = "Threads that share one call."},
      }};
  return section;
}

class OpenvinoRuntime final : public ModelRuntime {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "openvino"; }

  [[nodiscard]] bool recognises(const std::string& path) const override {
    return model_file(path).has_value();
  }

  [[nodiscard]] Result<std::unique_ptr<LoadedModel>> load(const ModelSpec& spec) override {
    auto settings = read(section(), part_of(section(), spec.runtime_settings));
    if (!settings) return std::move(settings).error();
    const auto file = model_file(spec.path);
    if (!file) {
      return Error(
          Code::model_invalid,
          "expected a SavedModel, .onnx, .tflite or .xml file; got none in '" + spec.path + "'");
    }
    auto api = openvino::Api::get(settings->has("library") ? settings->string("library") : "");
    if (!api) return std::move(api).error();
    openvino::CompileOptions options;
    // OpenVINO takes a SavedModel's folder, but any other model's file.
    options.path = file->kind == ModelFile::Kind::saved_model ? spec.path : file->path;
    options.inference_precision = settings->string("inference_precision");
    options.threads = static_cast<int>(settings->integer("intra_op_threads"));
    if (const Node* signature = spec.runtime_settings.find("signature"))
      options.signature = signature->text();
    if (const Node* batch = spec.runtime_settings.find("batch"))
      options.first_is_rows = batch->text() != "none";
    return openvino::Compiled::load(**api, options);
  }
};

}  // namespace

RuntimeKind openvino_runtime() {
  return {.name = "openvino",
          .doc = "SavedModel, ONNX, TFLite and IR files, through OpenVINO's C API.",
          .section = &section(),
          .make = [] {
            static const auto runtime = std::make_shared<OpenvinoRuntime>();
            return runtime;
          }};
}

}  // namespace thalweg
