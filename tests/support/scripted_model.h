// A model made of a function, and a provider of such models: for tests of what is around a model.
//
//   ScriptedModels models;
//   auto& model = models.add("m", signature, [](const InferenceRequest& request) -> InferenceResult { … });
//   model.answer_in_thread = true;         // as a remote model, or one on a lane
//
// The runtime `fake` is the one for whole pipelines; this one is for exact control of every call.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "model/provider.h"

namespace thalweg::support {

template <class T>
Tensor make_tensor(std::vector<std::int64_t> dims, std::vector<T> values) {
  Tensor tensor;
  tensor.dtype = DTypeOf<T>::value;
  tensor.shape.dims = std::move(dims);
  if constexpr (std::is_same_v<T, std::string_view>) {
    auto texts = std::make_shared<std::vector<std::string>>(values.begin(), values.end());
    tensor.strings.assign(texts->begin(), texts->end());
    tensor.owner = texts;
  } else {
    auto owner = std::make_shared<std::vector<T>>(std::move(values));
    tensor.data = owner->data();
    tensor.owner = owner;
  }
  return tensor;
}

template <class T>
std::span<const T> numbers(const TensorView& view) {
  std::size_t elements = 1;
  for (const std::int64_t dim : view.dims) elements *= static_cast<std::size_t>(dim);
  return {static_cast<const T*>(view.data), elements};
}

using Script = std::function<InferenceResult(const InferenceRequest&)>;

class ScriptedModel final : public LoadedModel {
 public:
  ScriptedModel(Signature signature, Script script)
      : signatures_{std::move(signature)}, script_(std::move(script)) {}
  ~ScriptedModel() override { join(); }

  [[nodiscard]] std::span<const Signature> signatures() const noexcept override {
    return signatures_;
  }
  void submit(const Signature&, const InferenceRequest& request, InferenceDone done) override {
    ++calls;
    for (const TensorView& input : request.inputs) {
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(input.data) % 64, 0U) << "inputs must be aligned";
    }
    if (!answer_in_thread) {
      done(script_(request));
      return;
    }
    // The request is copied, its views are not: exactly what a real asynchronous runtime may rely on.
    const std::lock_guard lock(mutex_);
    threads_.emplace_back([this, request, done = std::move(done)] { done(script_(request)); });
  }
  // Waits for all threads, those that answers started too.
  void join() {
    for (;;) {
      std::vector<std::thread> threads;
      {
        const std::lock_guard lock(mutex_);
        threads.swap(threads_);
      }
      if (threads.empty()) return;
      for (std::thread& thread : threads) thread.join();
    }
  }

  std::atomic<int> calls{0};
  bool answer_in_thread = false;

 private:
  std::vector<Signature> signatures_;
  Script script_;
  std::mutex mutex_;
  std::vector<std::thread> threads_;  // guarded by mutex_
};

class ScriptedHandle final : public ModelHandle {
 public:
  explicit ScriptedHandle(std::string name) : name_(std::move(name)) {}
  [[nodiscard]] const std::string& name() const noexcept override { return name_; }
  [[nodiscard]] std::shared_ptr<const Route> route() const noexcept override {
    if (fixed != nullptr) return fixed;
    auto route = std::make_shared<Route>();
    if (now != nullptr) route->variants.push_back({.name = "", .version = now});
    return route;
  }

  std::shared_ptr<const ModelVersion> now;
  std::shared_ptr<const Route> fixed;  // null: all rows to `now`

 private:
  std::string name_;
};

class ScriptedModels final : public ModelProvider {
 public:
  // The next version of the model becomes its current one. `change` may set the batch dimension, rows_max, features.
  ScriptedModel& add(const std::string& name, Signature signature, Script script,
                     const std::function<void(ModelVersion&)>& change = {}) {
    auto version = std::make_shared<ModelVersion>();
    auto loaded = std::make_unique<ScriptedModel>(signature, std::move(script));
    ScriptedModel& model = *loaded;
    auto& handle = handles_[name];
    if (handle == nullptr) handle = std::make_shared<ScriptedHandle>(name);
    version->model = name;
    version->version = handle->now == nullptr ? 1 : handle->now->version + 1;
    version->signature = std::move(signature);
    version->loaded = std::move(loaded);
    if (change) change(*version);
    handle->now = std::move(version);
    return model;
  }
  [[nodiscard]] ScriptedHandle& handle(const std::string& name) { return *handles_.at(name); }

  [[nodiscard]] Result<std::shared_ptr<ModelHandle>> model(std::string_view name) override {
    const auto it = handles_.find(std::string(name));
    if (it != handles_.end()) return std::shared_ptr<ModelHandle>(it->second);
    return Error(Code::config_invalid,
                 "there is no model '" + std::string(name) + "'." + did_you_mean(name, names()));
  }
  [[nodiscard]] std::vector<std::string> names() const override {
    std::vector<std::string> all;
    for (const auto& [name, handle] : handles_) all.push_back(name);
    return all;
  }

 private:
  std::map<std::string, std::shared_ptr<ScriptedHandle>> handles_;
};

}  // namespace thalweg::support
