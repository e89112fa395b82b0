// Whether what came is what was expected.
#pragma once

#include <string>
#include <vector>

#include "cli/cases.h"
#include "cli/json_diff.h"
#include "cli/trial.h"

namespace thalweg::cli {

[[nodiscard]] std::vector<Difference> judge(const Case& expected, const Outcome& got,
                                            double tolerance);

// Two runs of the same record, cut into other batches, must come to the same end.
[[nodiscard]] std::vector<Difference> judge_same(const Outcome& one, const Outcome& other,
                                                 double tolerance);

// Compares a value with what was expected of it.
void judge_value(const Expected& expected, const std::optional<std::string>& got,
                 const Comparison& how, const std::string& path, std::vector<Difference>& out);

// "filtered", "dead: missing_field (…)", "1 output to 'scores'"
[[nodiscard]] std::string words_for(const Outcome& outcome);

}  // namespace thalweg::cli
