// What the tests of infer share: a batch of numbers, a model that doubles, and a step made of YAML.
#pragma once

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "thalweg/feature.h"

#include "feature/program.h"
#include "process/infer/infer.h"
#include "support/nodes.h"
#include "support/rows.h"
#include "support/scripted_model.h"

namespace thalweg {

inline const Schema kNumbers{{{"x", {DType::float32, {}}}, {"text", {DType::string, {}}}}};

inline void fill_numbers(Batch& batch, const std::vector<float>& numbers) {
  batch.rows().begin(kNumbers);
  for (const float number : numbers) {
    support::add_row_of_new_record(batch);
    *batch.rows().columns[0].append<float>() = number;
    batch.rows().columns[1].push_string(batch.arena().copy("text " + std::to_string(number)));
    batch.rows().columns[1].end_row();
  }
}

inline Signature one_to_one() {
  return {
      "serving_default", {{"x", DType::float32, {{-1, 1}}}}, {{"y", DType::float32, {{-1, 1}}}}};
}

// Doubles; refuses calls with a number below zero, and breaks on numbers above 1000.
inline InferenceResult doubled(const InferenceRequest& request) {
  const auto in = support::numbers<float>(request.inputs[0]);
  std::vector<float> out;
  for (const float x : in) {
    if (x < 0) return Error(Code::invalid_model_input, "negative");
    if (x > 1000) return Error(Code::model_failed, "too large");
    out.push_back(2 * x);
  }
  return std::vector<Tensor>{support::make_tensor<float>({std::ssize(in), 1}, std::move(out))};
}

// A feature step that refuses what is not above zero.
inline FeatureStepKind positive_feature() {
  static const Section section{.name = "positive", .doc = "", .settings = {}};
  const auto apply = [](std::span<const Column* const> inputs, std::size_t rows, Column& out,
                        FeatureScratch& scratch) {
    for (std::size_t row = 0; row < rows; ++row) {
      const float x = inputs[0]->values<float>()[row];
      *out.append<float>() = x > 0 ? x : 0;
      if (x > 0) continue;
      scratch.failures.push_back(
          {static_cast<std::uint32_t>(row), Error(Code::feature_failed, "not above 0")});
    }
  };
  return {.name = "positive",
          .doc = "",
          .section = &section,
          .make = [apply](const Values&,
                          const FeatureContext&) -> Result<std::unique_ptr<FeatureStep>> {
            return make_feature_step(ColumnType{DType::float32, {}}, apply);
          }};
}

class InferTest : public testing::Test {
 protected:
  InferTest() {
    register_infer(registry_);
    register_feature_steps(registry_);
  }

  std::unique_ptr<Operator> make(const std::string& settings, const Schema& input = kNumbers) {
    auto made =
        support::make_operator(registry_, "infer", settings, input, nullptr, &models_, observer_);
    EXPECT_TRUE(made.ok()) << (made.ok() ? "" : made.error().message());
    return made.ok() ? std::move(made).value() : nullptr;
  }
  std::string error_of(const std::string& settings, const Schema& input = kNumbers) {
    auto made = support::make_operator(registry_, "infer", settings, input, nullptr, &models_);
    return made.ok() ? "no error" : made.error().message();
  }
  // As the worker does it: process, wait if it must, result.
  static Status run(Operator& infer, Batch& batch) {
    std::atomic<bool> resumed{false};
    if (infer.process(batch, [&] { resumed = true; }) == Progress::pending) {
      while (!resumed) std::this_thread::yield();
    }
    return infer.result(batch);
  }
  static std::vector<float> column(const Batch& batch, std::size_t i) {
    const auto values = batch.rows().columns[i].values<float>();
    return {values.begin(), values.end()};
  }

  Registry registry_;
  support::ScriptedModels models_;
  ScoreObserver* observer_ = nullptr;  // of the steps made from now on
};

}  // namespace thalweg
