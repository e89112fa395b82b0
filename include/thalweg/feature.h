// Feature steps of your own: how a C++ function becomes a word of features.yaml.
//
//   app.registry().add(number_feature("celsius", "Fahrenheit to Celsius.", [](float f) { return (f - 32) / 1.8F; }));
//   app.registry().add(text_feature("first_line", "The text up to the line break.",
//                                   [](std::string_view s, Arena&) { return s.substr(0, s.find('\n')); }));
//
//   features: { x: { stack: [ {celsius: outside}, {celsius: inside} ] } }
//
// With settings, several inputs or another type of output: fill a FeatureStepKind (registry.h) and let its `make` return
// make_feature_step(type, function).
//
// The functions are called by several workers at the same time, so they must not keep state. One that throws makes a
// dead letter of that row (code feature_failed).
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "thalweg/ports.h"
#include "thalweg/registry.h"

namespace thalweg {

// A step made of its output's type and a function
//   void(std::span<const Column* const> inputs, std::size_t rows, Column& out, FeatureScratch& scratch)
// that keeps the promises of FeatureStep::apply.
template <class Apply>
[[nodiscard]] std::unique_ptr<FeatureStep> make_feature_step(ColumnType type, Apply apply) {
  class Step final : public FeatureStep {
   public:
    Step(ColumnType type, Apply apply) : type_(std::move(type)), apply_(std::move(apply)) {}
    [[nodiscard]] const ColumnType& type() const noexcept override { return type_; }
    void apply(std::span<const Column* const> inputs, std::size_t rows, Column& out,
               FeatureScratch& scratch) const override {
      apply_(inputs, rows, out, scratch);
    }

   private:
    ColumnType type_;
    Apply apply_;
  };
  return std::make_unique<Step>(std::move(type), std::move(apply));
}

// One number in, one float32 out; for a vector, element by element.
[[nodiscard]] FeatureStepKind number_feature(std::string name, std::string doc,
                                             std::function<float(float)> function);

// One text in, one text out; for a list of texts, each. What is returned must live as long as the input: a part of it, or
// bytes of the arena.
[[nodiscard]] FeatureStepKind text_feature(
    std::string name, std::string doc,
    std::function<std::string_view(std::string_view, Arena&)> function);

}  // namespace thalweg
