// What every file of a feature step includes.
#pragma once

#include <fmt/format.h>

#include "thalweg/feature.h"

#include "feature/steps.h"
#include "feature/support/columns.h"
#include "feature/support/settings.h"

namespace thalweg::feature {

// The inputs of a step, as `apply` gets them.
using Inputs = std::span<const Column* const>;

// Calls f(Compute{}, Out{}) as scikit-learn computes: float32 stays float32, float64 stays float64, whole numbers are
// computed in float64 and end as float32, what a model reads.
template <class F>
auto with_arithmetic(DType input, F&& f) {
  if (input == DType::float32) return f(float{}, float{});
  if (input == DType::float64) return f(double{}, double{});
  return f(double{}, float{});
}

template <class T>
[[nodiscard]] std::vector<T> as(const std::vector<double>& numbers) {
  return {numbers.begin(), numbers.end()};
}

}  // namespace thalweg::feature
