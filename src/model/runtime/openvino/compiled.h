// A model compiled by OpenVINO, shared by all workers.
//
// With one stream OpenVINO computes in the caller's thread, which is cheapest, but one call at a time: a second caller waits.
// With more streams every call is handed to another thread. So each caller that finds no free copy makes one more (the weights are
// shared by OpenVINO's plug-in), and there are never more copies than workers that call at the same time.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "thalweg/model.h"

#include "model/element.h"
#include "model/runtime/openvino/api.h"

namespace thalweg::openvino {

struct CompileOptions {
  std::string path;  // SavedModel folder, .onnx, .tflite or .xml file
  std::string inference_precision = "f32";
  int threads = 1;
  std::string signature;      // the one wanted, or empty
  bool first_is_rows = true;  // an unknown first dimension is that of the rows
};

class Compiled final : public LoadedModel {
 public:
  // Errors: model_invalid, signature_mismatch.
  static Result<std::unique_ptr<LoadedModel>> load(const Api& api, const CompileOptions& options);
  ~Compiled() override;

  [[nodiscard]] std::span<const Signature> signatures() const noexcept override {
    return {&signature_, 1};
  }
  [[nodiscard]] std::span<const std::string> warnings() const noexcept override {
    return warnings_;
  }
  void submit(const Signature& signature, const InferenceRequest& request,
              InferenceDone done) override;

 private:
  struct Place {
    std::size_t index;  // OpenVINO's number of the input or output
    Element element;
  };
  struct Copy {
    ov_compiled_model* compiled = nullptr;
    ov_infer_request* request = nullptr;
  };

  Compiled(const Api& api, CompileOptions options) : api_(api), options_(std::move(options)) {}
  Result<void> read();
  Result<void> name_signature();
  Result<void> describe(bool outputs, std::vector<TensorSpec>& specs, std::vector<Place>& places);
  [[nodiscard]] Result<TensorSpec> describe_port(ov_output_const_port* port,
                                                 Element& element) const;
  void warn_of_narrow_types();
  [[nodiscard]] bool takes_any_rows() const noexcept;
  [[nodiscard]] Result<Copy> compile() const;
  [[nodiscard]] Result<Copy> acquire();
  void give_back(Copy copy);
  [[nodiscard]] InferenceResult run(const Copy& copy, const InferenceRequest& request) const;

  const Api& api_;
  const CompileOptions options_;
  ov_model* model_ = nullptr;
  Signature signature_;
  std::vector<Place> inputs_;  // in signature order
  std::vector<Place> outputs_;
  bool takes_any_rows_ = false;  // else shapes are left alone
  std::vector<std::string> warnings_;
  std::mutex mutex_;
  std::vector<Copy> free_;  // guarded by mutex_
};

}  // namespace thalweg::openvino
