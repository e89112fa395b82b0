// bucketize: which of the ranges between the edges a number lies in.
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "feature/support/step.h"

namespace thalweg::feature::steps {
namespace {

const Section section{.name = "bucketize",
                      .doc =
                          "The number of edges that are not above the value: 0 below the first, "
                          "their count from the last on. NaN counts as above all.",
                      .settings = {{.name = "edges",
                                    .type = SettingType::node,
                                    .example = "[6, 12, 18]",
                                    .required = true,
                                    .doc = "Where one bucket ends and the next begins, ascending; "
                                           "a value equal to an edge lies above it."},
                                   {.name = "precision",
                                    .fallback = "float32",
                                    .choices = {"float32", "float64"},
                                    .doc = "What value and edges are compared in: float32 as Keras "
                                           "does, float64 as numpy.digitize does."}},
                      .shorthand = "edges"};

// TensorFlow computes with subnormal float32 numbers taken for 0; numpy does not.
double comparable(double x) {
  return x;
}
float comparable(float x) {
  return std::abs(x) < std::numeric_limits<float>::min() ? 0.0F : x;
}

template <class T>
std::unique_ptr<FeatureStep> step_for(const ColumnType& in, const std::vector<double>& edges) {
  const auto apply = [edges = as<T>(edges)](Inputs inputs, std::size_t rows, Column& out,
                                            FeatureScratch&) {
    map_numbers<T, std::int64_t>(*inputs[0], rows, out, [&](T x) {
      return std::upper_bound(edges.begin(), edges.end(), comparable(x)) - edges.begin();
    });
  };
  return make_feature_step(with_dtype(in, DType::int64), apply);
}

StepResult make(const Values& settings, const FeatureContext& context) {
  if (auto status = expect_number(context); !status) return std::move(status).error();
  auto edges = numbers_of(settings, "edges");
  if (!edges) return std::move(edges).error();
  if (edges->empty()) return bad_settings("edges: expected at least one; got none");
  if (!std::is_sorted(edges->begin(), edges->end(), std::less_equal<>())) {
    return bad_settings("edges: expected ascending numbers, each once");
  }
  if (settings.string("precision") == "float64") return step_for<double>(context.inputs[0], *edges);
  return step_for<float>(context.inputs[0], *edges);
}

}  // namespace

FeatureStepKind bucketize() {
  return {.name = "bucketize",
          .doc =
              "Which of the ranges between the edges a number lies in. Equals "
              "keras.layers.Discretization, and "
              "numpy.digitize(right=False) with `precision: float64`.",
          .section = &section,
          .make = make};
}

}  // namespace thalweg::feature::steps
