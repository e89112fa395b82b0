// Compares a step with what the library it equals made of the same input: the files in tests/feature/golden.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include <simdjson.h>

#include "feature/support/bench.h"

namespace thalweg::feature_test {

// How a golden's cases are fed to a step.
struct GoldenUse {
  std::string file;  // "log1p": tests/feature/golden/log1p.json
  std::string step;
  // The input of a case is one row (a text), not a list of rows.
  bool one_row = false;
  // Type of the input; by default from `params.dtype`, or string, and the shape of the first row.
  std::string type{};
  // Names of params that are settings under another name; "" drops one. All others are settings as they are.
  std::vector<std::pair<std::string, std::string>> names{};
  // Last hand on the settings; false leaves the case out.
  std::function<bool(simdjson::dom::object params, Node& settings)> adjust{};
  // Largest distance of floats, in units of the last place.
  int ulps = 0;
  // Rows of different lengths are compared with the golden's zeros behind.
  bool padded = false;
};

// Runs every case and checks every element bit for bit (NaN equals NaN, -0 is not 0). A case with an `error` must fail, when
// bound or row by row. Returns how many cases were compared.
int check_golden(const GoldenUse& use);

// The parsed file; kept by the caller's parser.
[[nodiscard]] simdjson::dom::element load_golden(simdjson::dom::parser& parser,
                                                 const std::string& file);

}  // namespace thalweg::feature_test
