// The numeric steps that are one line of arithmetic: log1p, rescale, fill_nan.
#include <cmath>

#include "feature/support/step.h"

namespace thalweg::feature::steps {
namespace {

const Section rescale_section{.name = "rescale",
                              .doc = "Multiplies by a constant and adds another.",
                              .settings = {{.name = "scale",
                                            .type = SettingType::number,
                                            .example = "0.00392156862745098",
                                            .required = true,
                                            .doc = "The factor."},
                                           {.name = "offset",
                                            .type = SettingType::number,
                                            .fallback = "0",
                                            .doc = "What is added."}},
                              .shorthand = "scale"};

const Section fill_nan_section{.name = "fill_nan",
                               .doc = "Puts a constant where there is no number.",
                               .settings = {{.name = "value",
                                             .type = SettingType::number,
                                             .example = "0",
                                             .required = true,
                                             .doc = "What stands for NaN."}},
                               .shorthand = "value"};

StepResult make_log1p(const Values&, const FeatureContext& context) {
  if (auto status = expect_number(context); !status) return std::move(status).error();
  const ColumnType& in = context.inputs[0];
  return with_arithmetic(in.dtype, [&]<class Compute, class Out>(Compute, Out) {
    return make_feature_step(
        float_like(in), [](Inputs inputs, std::size_t rows, Column& out, FeatureScratch&) {
          map_numbers<Compute, Out>(*inputs[0], rows, out, [](Compute x) { return std::log1p(x); });
        });
  });
}

StepResult make_rescale(const Values& settings, const FeatureContext& context) {
  if (auto status = expect_number(context); !status) return std::move(status).error();
  const auto scale = static_cast<float>(settings.number("scale"));
  const auto offset = static_cast<float>(settings.number("offset"));
  return make_feature_step(with_dtype(context.inputs[0], DType::float32),
                           [=](Inputs inputs, std::size_t rows, Column& out, FeatureScratch&) {
                             map_numbers<float, float>(*inputs[0], rows, out,
                                                       [=](float x) { return x * scale + offset; });
                           });
}

StepResult make_fill_nan(const Values& settings, const FeatureContext& context) {
  if (auto status = expect_number(context); !status) return std::move(status).error();
  const ColumnType& in = context.inputs[0];
  if (!is_float(in.dtype))
    return bad_input("float32 or float64", in, "whole numbers are never NaN");
  return with_arithmetic(in.dtype, [&]<class Compute, class Out>(Compute, Out) {
    return make_feature_step(
        in, [value = static_cast<Out>(settings.number("value"))](Inputs inputs, std::size_t rows,
                                                                 Column& out, FeatureScratch&) {
          map_numbers<Compute, Out>(*inputs[0], rows, out,
                                    [=](Compute x) { return std::isnan(x) ? value : x; });
        });
  });
}

}  // namespace

FeatureStepKind log1p_() {
  return {.name = "log1p",
          .doc = "The natural logarithm of 1 + x. Equals numpy.log1p.",
          .make = make_log1p};
}

FeatureStepKind rescale() {
  return {
      .name = "rescale",
      .doc =
          "Multiplies by a constant and adds another, in float32. Equals keras.layers.Rescaling.",
      .section = &rescale_section,
      .make = make_rescale};
}

FeatureStepKind fill_nan() {
  return {.name = "fill_nan",
          .doc =
              "Puts a constant where there is no number. Equals "
              "sklearn.impute.SimpleImputer(strategy='constant').",
          .section = &fill_nan_section,
          .make = make_fill_nan};
}

}  // namespace thalweg::feature::steps
