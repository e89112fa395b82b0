// What differs between the JSON that was expected and the JSON that came, place by place.
#pragma once

#include <string>
#include <vector>

#include "cli/json_value.h"

namespace thalweg::cli {

struct Difference {
  std::string path;      // JSON Pointer behind what it points into: "value/score", "headers/source"
  std::string expected;  // JSON, or words: "nothing"
  std::string got;
};

struct Comparison {
  double tolerance =
      1e-5;  // of numbers that are not both whole: absolute, or relative to the expected one
  bool subset = false;  // members that are not expected are no difference
};

// Appends the differences of `got` from `expected` to `out`, their paths behind `path`. The order of an object's members does not
// matter; whole numbers, strings and the lengths of arrays must be equal.
void compare(const Json& expected, const Json& got, const Comparison& how, const std::string& path,
             std::vector<Difference>& out);

// Are the numbers equal within the tolerance?
[[nodiscard]] bool near(double expected, double got, double tolerance) noexcept;

}  // namespace thalweg::cli
