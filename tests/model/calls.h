// Calling models in tests.
#pragma once

#include <future>
#include <string>

#include <gtest/gtest.h>

#include "thalweg/registry.h"

#include "feature/program.h"
#include "model/golden.h"
#include "model/load.h"
#include "model/models.h"
#include "model/runtimes.h"

namespace thalweg::calls {

inline const Registry& registry() {
  static const Registry registry = [] {
    Registry r;
    register_runtimes(r);
    register_feature_steps(r);  // of versions that bring their own
    return r;
  }();
  return registry;
}

inline Node text(std::string value) {
  return Node::scalar(std::move(value));
}

// {path: …, runtime: …} and further settings.
inline Node entry(std::vector<std::pair<std::string, std::string>> settings) {
  std::vector<std::pair<std::string, Node>> entries;
  for (auto& [name, value] : settings) entries.emplace_back(name, text(value));
  return Node::map(std::move(entries));
}

// The `models:` of a pipeline with one model, 'm'.
inline Result<std::shared_ptr<ModelHandle>> open(const Node& entry,
                                                 ModelCache& cache = ModelCache::process()) {
  auto models = Models::make(Node::map({{"m", entry}}), registry(), cache);
  if (!models) return std::move(models).error();
  return (*models)->model("m");
}

// Waits for the answer.
inline InferenceResult call(const ModelVersion& version, const InferenceRequest& request) {
  std::promise<InferenceResult> promise;
  auto future = promise.get_future();
  version.loaded->submit(version.signature, request,
                         [&](InferenceResult r) { promise.set_value(std::move(r)); });
  return future.get();
}

// All outputs for named inputs.
inline InferenceResult call(const ModelVersion& version,
                            const std::map<std::string, golden::Value>& inputs) {
  InferenceRequest request;
  for (const TensorSpec& spec : version.signature.inputs)
    request.inputs.push_back(inputs.at(spec.name).view());
  for (std::uint32_t i = 0; i < version.signature.outputs.size(); ++i) request.outputs.push_back(i);
  return call(version, request);
}

// One float32 input.
inline InferenceResult call(const ModelVersion& version, std::vector<std::int64_t> dims,
                            std::vector<float> numbers) {
  AlignedBuffer buffer;
  buffer.resize(numbers.size() * sizeof(float));
  std::copy(numbers.begin(), numbers.end(), reinterpret_cast<float*>(buffer.data()));
  InferenceRequest request;
  request.inputs.push_back({DType::float32, dims, buffer.data(), {}});
  for (std::uint32_t i = 0; i < version.signature.outputs.size(); ++i) request.outputs.push_back(i);
  return call(version, request);
}

inline std::vector<float> floats(const Tensor& tensor) {
  const auto* numbers = static_cast<const float*>(tensor.data);
  return {numbers, numbers + tensor.shape.elements()};
}

inline std::string message(const Result<std::shared_ptr<ModelHandle>>& result) {
  return result.ok() ? "(it was loaded)" : result.error().message();
}

}  // namespace thalweg::calls
