// standardise: how many standard deviations from the mean.
#include <cmath>

#include "feature/support/step.h"

namespace thalweg::feature::steps {
namespace {

const Section section{
    .name = "standardise",
    .doc = "Subtracts the mean and divides by the standard deviation.",
    .settings = {
        {.name = "mean",
         .type = SettingType::node,
         .example = "50.5",
         .required = true,
         .doc = "The mean seen in training: a number, or one for each element of the input."},
        {.name = "scale",
         .type = SettingType::node,
         .example = "12.25",
         .doc = "The standard deviation (scikit-learn's `scale_`); computed in the input's type."},
        {.name = "variance",
         .type = SettingType::node,
         .example = "150",
         .doc = "The variance (Keras' `variance`), in place of `scale`; computed in float32."},
        {.name = "epsilon",
         .type = SettingType::number,
         .fallback = "1e-7",
         .min = 0,
         .doc = "With `variance`: the least a standard deviation counts (Keras' epsilon)."}}};

// scikit-learn casts mean and scale to the type of the data first.
std::unique_ptr<FeatureStep> like_sklearn(const ColumnType& in, const std::vector<double>& mean,
                                          const std::vector<double>& scale) {
  return with_arithmetic(in.dtype, [&]<class Compute, class Out>(Compute, Out) {
    return make_feature_step(
        float_like(in), [mean = as<Compute>(mean), scale = as<Compute>(scale)](
                            Inputs inputs, std::size_t rows, Column& out, FeatureScratch&) {
          map_numbers_by_place<Compute, Out>(
              *inputs[0], rows, mean.size(), out,
              [&](Compute x, std::size_t i) { return (x - mean[i]) / scale[i]; });
        });
  });
}

std::unique_ptr<FeatureStep> like_keras(const ColumnType& in, const std::vector<double>& mean,
                                        const std::vector<double>& variance, float epsilon) {
  std::vector<float> deviation = as<float>(variance);
  for (float& d : deviation) d = std::max(std::sqrt(d), epsilon);
  return make_feature_step(with_dtype(in, DType::float32),
                           [mean = as<float>(mean), deviation](Inputs inputs, std::size_t rows,
                                                               Column& out, FeatureScratch&) {
                             map_numbers_by_place<float, float>(
                                 *inputs[0], rows, mean.size(), out, [&](float x, std::size_t i) {
                                   return (x - mean[i]) / deviation[i];
                                 });
                           });
}

StepResult make(const Values& settings, const FeatureContext& context) {
  if (auto status = expect_number(context); !status) return std::move(status).error();
  if (settings.given("scale") == settings.given("variance")) {
    return bad_settings("expected either `scale` (scikit-learn) or `variance` (Keras); got " +
                        std::string(settings.given("scale") ? "both" : "none of them"));
  }
  const ColumnType& in = context.inputs[0];
  auto mean = numbers_of(settings, "mean", in.width());
  if (!mean) return std::move(mean).error();
  const bool keras = settings.given("variance");
  auto spread = numbers_of(settings, keras ? "variance" : "scale", in.width());
  if (!spread) return std::move(spread).error();
  for (const double s : *spread) {
    if (keras ? s < 0 : s == 0)
      return bad_settings("expected numbers above 0 as spread; got " + fmt::to_string(s));
  }
  if (!keras) return like_sklearn(in, *mean, *spread);
  return like_keras(in, *mean, *spread, static_cast<float>(settings.number("epsilon")));
}

}  // namespace

FeatureStepKind standardise() {
  return {.name = "standardise",
          .doc =
              "Subtracts the mean and divides by the standard deviation. Equals "
              "sklearn.preprocessing.StandardScaler "
              "(with `scale`) or keras.layers.Normalization (with `variance`).",
          .section = &section,
          .make = make};
}

}  // namespace thalweg::feature::steps
