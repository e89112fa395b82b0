// Conditions: the tests that `filter` and an output's `when` put to rows.
//
//   { field: amount, above: 0, at_most: 1000 }        several comparisons of one field: all must hold
//   { field: country, one_of: [CH, AT] }
//   { field: scores, index: 2, above: 0.5 }           one element of a vector, in row-major order
//   { field: amount, is_nan: false }
//   { all: [..] }   { any: [..] }   { not: {..} }     and / or / not, nested freely
//
// Comparisons: above, at_least, below, at_most (numbers); equals, not_equals, one_of (numbers, bool,
// string); is_nan (floats). A bound is rounded to the field's own type first, so a float32 field that was
// written as 0.9 does equal 0.9.
//
// NaN: as in C and Python. above, at_least, below, at_most, equals and one_of are false, not_equals is
// true; `not` turns round whatever its condition says ({not: {above: 0}} holds for NaN). An element that a
// list of free length does not have fails every comparison, not_equals included.
//
// Bound once against the columns; then const, and any thread may test. Testing allocates nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "thalweg/batch.h"
#include "thalweg/error.h"
#include "thalweg/settings.h"

namespace thalweg {

class ConditionNode;

class Condition {
 public:
  // `who` stands in the errors: "step filter", "output 2: when". Errors: config_invalid with the line, and
  // suggestions for misspelt fields and comparisons.
  [[nodiscard]] static Result<Condition> bind(const Node& node, const Schema& schema,
                                              std::string_view who = "condition");

  [[nodiscard]] bool test(const Rows& rows, std::uint32_t row) const;
  // Replaces `passing` by the live rows that pass, ascending. Works field by field.
  void select(const Rows& rows, std::vector<std::uint32_t>& passing) const;
  // "amount above 0"
  [[nodiscard]] std::string describe() const;

 private:
  explicit Condition(std::shared_ptr<const ConditionNode> root) : root_(std::move(root)) {}
  std::shared_ptr<const ConditionNode> root_;
};

// The keys of a condition, for the sections of those who take one.
[[nodiscard]] const Section& condition_section();

}  // namespace thalweg
