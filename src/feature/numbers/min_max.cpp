// min_max: the range seen in training, stretched to another one.
#include <algorithm>
#include <limits>

#include "feature/support/step.h"

namespace thalweg::feature::steps {
namespace {

const Section section{
    .name = "min_max",
    .doc = "Stretches the range seen in training to [low, high].",
    .settings = {
        {.name = "min",
         .type = SettingType::node,
         .example = "0",
         .required = true,
         .doc = "The least value seen in training (`data_min_`): a number, or one for each element "
                "of the input."},
        {.name = "max",
         .type = SettingType::node,
         .example = "250",
         .required = true,
         .doc = "The greatest value seen in training (`data_max_`)."},
        {.name = "low", .type = SettingType::number, .fallback = "0", .doc = "What `min` becomes."},
        {.name = "high",
         .type = SettingType::number,
         .fallback = "1",
         .doc = "What `max` becomes."},
        {.name = "clip",
         .type = SettingType::boolean,
         .fallback = "false",
         .doc = "Cuts what lies outside to `low` and `high`."},
        {.name = "fitted_on",
         .fallback = "float64",
         .choices = {"float32", "float64"},
         .doc = "The dtype of the training data: scikit-learn keeps its scale in it."}}};

// y = x · scale + offset
template <class T>
struct Line {
  std::vector<T> scale, offset;
};

// As scikit-learn fits: in the type of the data, and a range of (nearly) nothing counts as 1.
template <class T>
Line<T> fit(const std::vector<double>& min, const std::vector<double>& max, double low,
            double high) {
  Line<T> line;
  for (std::size_t i = 0; i < min.size(); ++i) {
    T range = static_cast<T>(max[i]) - static_cast<T>(min[i]);
    if (range < 10 * std::numeric_limits<T>::epsilon()) range = 1;
    line.scale.push_back(static_cast<T>(high - low) / range);
    line.offset.push_back(static_cast<T>(low) - static_cast<T>(min[i]) * line.scale.back());
  }
  return line;
}

struct Bounds {
  double low, high;
  bool clip;
};

// Each of the two operations is computed in the wider of the data's and the fit's type and rounded to the data's.
template <class Fitted>
std::unique_ptr<FeatureStep> step_for(const ColumnType& in, const Line<Fitted>& line,
                                      Bounds bounds) {
  return with_arithmetic(in.dtype, [&]<class Data, class Out>(Data, Out) {
    using Wide = std::common_type_t<Data, Fitted>;
    const Data low =
        bounds.clip ? static_cast<Data>(bounds.low) : -std::numeric_limits<Data>::infinity();
    const Data high =
        bounds.clip ? static_cast<Data>(bounds.high) : std::numeric_limits<Data>::infinity();
    const auto apply = [line, low, high](Inputs inputs, std::size_t rows, Column& out,
                                         FeatureScratch&) {
      map_numbers_by_place<Data, Out>(
          *inputs[0], rows, line.scale.size(), out, [&](Data x, std::size_t i) {
            const Data scaled =
                static_cast<Data>(static_cast<Wide>(x) * static_cast<Wide>(line.scale[i]));
            const Data moved =
                static_cast<Data>(static_cast<Wide>(scaled) + static_cast<Wide>(line.offset[i]));
            return moved < low ? low : moved > high ? high : moved;  // NaN stays NaN
          });
    };
    return std::unique_ptr<FeatureStep>(make_feature_step(float_like(in), apply));
  });
}

StepResult make(const Values& settings, const FeatureContext& context) {
  if (auto status = expect_number(context); !status) return std::move(status).error();
  const ColumnType& in = context.inputs[0];
  auto min = numbers_of(settings, "min", in.width());
  if (!min) return std::move(min).error();
  auto max = numbers_of(settings, "max", in.width());
  if (!max) return std::move(max).error();
  for (std::size_t i = 0; i < min->size(); ++i) {
    if ((*min)[i] > (*max)[i])
      return bad_settings(fmt::format("expected min <= max; got {} and {}", (*min)[i], (*max)[i]));
  }
  const Bounds bounds{settings.number("low"), settings.number("high"), settings.boolean("clip")};
  if (!(bounds.low < bounds.high)) return bad_settings("expected low < high");
  if (settings.string("fitted_on") == "float32") {
    return step_for(in, fit<float>(*min, *max, bounds.low, bounds.high), bounds);
  }
  return step_for(in, fit<double>(*min, *max, bounds.low, bounds.high), bounds);
}

}  // namespace

FeatureStepKind min_max() {
  return {.name = "min_max",
          .doc =
              "Stretches the range seen in training to [low, high]. Equals "
              "sklearn.preprocessing.MinMaxScaler.",
          .section = &section,
          .make = make};
}

}  // namespace thalweg::feature::steps
