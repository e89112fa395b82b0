// Registers the built-in steps, and those made from a plain function.
#include "feature/steps.h"

#include <exception>

#include "thalweg/feature.h"

#include "feature/program.h"
#include "feature/support/columns.h"
#include "feature/support/settings.h"

namespace thalweg {

void register_feature_steps(Registry& registry) {
#define THALWEG_REGISTER_FEATURE_STEP(name) registry.add(feature::steps::name());
  THALWEG_FEATURE_STEPS(THALWEG_REGISTER_FEATURE_STEP)
#undef THALWEG_REGISTER_FEATURE_STEP
}

namespace {

// A row at a time, so that one that makes the user's function throw takes no other with it.
template <class Body>
void guarded(FeatureScratch& scratch, std::size_t row, Body body) {
  try {
    body();
  } catch (const std::exception& thrown) {
    feature::refuse(scratch, row, thrown.what());
  } catch (...) {
    feature::refuse(scratch, row, "the function threw something that is no std::exception");
  }
}

void apply_to_numbers(const std::function<float(float)>& function, const Column& in,
                      std::size_t rows, Column& out, FeatureScratch& scratch) {
  float* to = feature::shaped_like<float>(in, rows, out);
  with_number(in.type().dtype, [&]<class In>(In) {
    const std::span<const In> values = in.values<In>();
    for (std::size_t row = 0; row < rows; ++row) {
      const auto [begin, end] = in.extent(row);
      for (std::size_t i = begin; i < end; ++i) {
        to[i] = 0;
        guarded(scratch, row, [&] { to[i] = function(static_cast<float>(values[i])); });
      }
    }
  });
}

void apply_to_texts(const std::function<std::string_view(std::string_view, Arena&)>& function,
                    const Column& in, std::size_t rows, Column& out, FeatureScratch& scratch) {
  for (std::size_t row = 0; row < rows; ++row) {
    for (const std::string_view text : in.string_row(row)) {
      std::string_view made;
      guarded(scratch, row, [&] { made = function(text, *scratch.arena); });
      out.push_string(made);
    }
    out.end_row();
  }
}

}  // namespace

FeatureStepKind number_feature(std::string name, std::string doc,
                               std::function<float(float)> function) {
  return {.name = std::move(name),
          .doc = std::move(doc),
          .make = [function = std::move(function)](
                      const Values&, const FeatureContext& context) -> feature::StepResult {
            if (auto status = feature::expect_number(context); !status)
              return std::move(status).error();
            return make_feature_step(
                feature::with_dtype(context.inputs[0], DType::float32),
                [function](std::span<const Column* const> inputs, std::size_t rows, Column& out,
                           FeatureScratch& scratch) {
                  apply_to_numbers(function, *inputs[0], rows, out, scratch);
                });
          }};
}

FeatureStepKind text_feature(std::string name, std::string doc,
                             std::function<std::string_view(std::string_view, Arena&)> function) {
  return {.name = std::move(name),
          .doc = std::move(doc),
          .make = [function = std::move(function)](
                      const Values&, const FeatureContext& context) -> feature::StepResult {
            if (auto status = feature::expect_strings(context); !status)
              return std::move(status).error();
            return make_feature_step(
                context.inputs[0],
                [function](std::span<const Column* const> inputs, std::size_t rows, Column& out,
                           FeatureScratch& scratch) {
                  apply_to_texts(function, *inputs[0], rows, out, scratch);
                });
          }};
}

}  // namespace thalweg
