// A SavedModel in memory: one TensorFlow session, shared by all workers.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "thalweg/model.h"

#include "model/element.h"
#include "model/runtime/tensorflow/api.h"
#include "model/saved_model.h"

namespace thalweg::tensorflow {

struct SessionOptions {
  std::string folder;  // of the version
  int intra_op_threads = 1;
  int inter_op_threads = 1;  // 1: the graph runs in the caller's thread
  std::vector<std::string> custom_ops;
  std::string signature;  // the one wanted, or empty: says which one may not be unusable
};

class Session final : public LoadedModel {
 public:
  // Errors: model_invalid, signature_mismatch (no signature that can be fed).
  static Result<std::unique_ptr<LoadedModel>> load(const Api& api, const SessionOptions& options);
  ~Session() override;

  [[nodiscard]] std::span<const Signature> signatures() const noexcept override {
    return signatures_;
  }
  [[nodiscard]] std::span<const std::string> warnings() const noexcept override {
    return warnings_;
  }
  void submit(const Signature& signature, const InferenceRequest& request,
              InferenceDone done) override;

 private:
  // What a signature is bound to: the places of its inputs and outputs in the graph, in signature order.
  struct Bound {
    struct Place {
      TF_Output output;
      Element element;
      TF_DataType type;
    };
    std::vector<Place> inputs;
    std::vector<Place> outputs;
  };

  explicit Session(const Api& api) : api_(api) {}
  Result<void> open(const SessionOptions& options, TF_Buffer* meta_graph);
  Result<void> bind(const MetaGraph& meta_graph, const std::string& wanted);
  [[nodiscard]] Result<Bound> bind(const TfSignature& described, Signature& shown) const;
  [[nodiscard]] Result<Bound::Place> find(const TfTensorInfo& info) const;
  void warn_of_half();
  [[nodiscard]] InferenceResult run(const Bound& bound, const InferenceRequest& request) const;

  const Api& api_;
  TF_Graph* graph_ = nullptr;
  TF_Session* session_ = nullptr;
  TF_Buffer* run_options_ = nullptr;
  std::vector<Signature> signatures_;
  std::vector<Bound> bound_;  // one per signature
  std::vector<std::string> warnings_;
};

}  // namespace thalweg::tensorflow
