// clip: cuts what lies outside of a range. Keeps the dtype.
#include <cmath>
#include <limits>
#include <type_traits>

#include "feature/support/step.h"

namespace thalweg::feature::steps {
namespace {

const Section section{.name = "clip",
                      .doc = "Cuts what lies outside of a range to its ends.",
                      .settings = {{.name = "low",
                                    .type = SettingType::number,
                                    .example = "0",
                                    .doc = "The least value; none: no bound below."},
                                   {.name = "high",
                                    .type = SettingType::number,
                                    .example = "1",
                                    .doc = "The greatest value; none: no bound above."}}};

// Is the bound one of the dtype's own values? 0.5 is no bound for whole numbers.
template <class T>
bool representable(double bound) {
  if constexpr (std::is_floating_point_v<T>) {
    return true;
  } else {
    // 2^63 as a double is one above the greatest int64, so the upper end is not included.
    const double end = std::ldexp(1.0, std::numeric_limits<T>::digits);
    return bound >= static_cast<double>(std::numeric_limits<T>::min()) && bound < end &&
           bound == std::floor(bound);
  }
}

// With one bound numpy takes the maximum or minimum, which for -0 and 0 gives the bound; with two it compares. NaN stays.
template <class T>
std::unique_ptr<FeatureStep> step_for(const ColumnType& type, std::optional<T> low,
                                      std::optional<T> high) {
  const auto map = [&type](auto f) {
    return make_feature_step(type,
                             [f](Inputs inputs, std::size_t rows, Column& out, FeatureScratch&) {
                               map_numbers<T, T>(*inputs[0], rows, out, f);
                             });
  };
  if (low && high) return map([l = *low, h = *high](T x) { return x < l ? l : x > h ? h : x; });
  if (low) return map([l = *low](T x) { return x <= l ? l : x; });
  return map([h = *high](T x) { return x >= h ? h : x; });
}

StepResult make(const Values& settings, const FeatureContext& context) {
  if (auto status = expect_number(context); !status) return std::move(status).error();
  if (!settings.given("low") && !settings.given("high"))
    return bad_settings("expected `low`, `high` or both; got none");
  const ColumnType& in = context.inputs[0];
  if (in.dtype == DType::boolean) return bad_input("numbers", in);
  if (settings.given("low") && settings.given("high") &&
      settings.number("low") > settings.number("high")) {
    return bad_settings("expected low <= high");
  }
  return with_number(in.dtype, [&]<class T>(T) -> StepResult {
    for (const char* name : {"low", "high"}) {
      if (settings.given(name) && !representable<T>(settings.number(name))) {
        return bad_settings(fmt::format("{}: expected a value of {}; got {}", name,
                                        to_string(in.dtype), settings.number(name)));
      }
    }
    const auto bound = [&](const char* name) {
      return settings.given(name) ? std::optional(static_cast<T>(settings.number(name)))
                                  : std::nullopt;
    };
    return step_for<T>(in, bound("low"), bound("high"));
  });
}

}  // namespace

FeatureStepKind clip() {
  return {.name = "clip",
          .doc = "Cuts what lies outside of a range to its ends. Equals numpy.clip.",
          .section = &section,
          .make = make};
}

}  // namespace thalweg::feature::steps
