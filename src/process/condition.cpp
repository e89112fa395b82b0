// Testing rows against a bound condition. Binding is in condition_bind.cpp.
#include "process/condition.h"

#include "process/condition_node.h"

namespace thalweg {
namespace {

std::string joined(const std::vector<ConditionPart>& parts, std::string_view word) {
  std::string text;
  for (const ConditionPart& part : parts) {
    if (!text.empty()) text.append(" ").append(word).append(" ");
    text += parts.size() > 1 ? "(" + part->describe() + ")" : part->describe();
  }
  return text;
}

}  // namespace

bool AllOf::test(const Rows& rows, std::uint32_t row) const {
  return std::all_of(parts_.begin(), parts_.end(),
                     [&](const ConditionPart& part) { return part->test(rows, row); });
}

void AllOf::keep(const Rows& rows, std::vector<std::uint32_t>& kept) const {
  for (const ConditionPart& part : parts_) part->keep(rows, kept);
}

std::string AllOf::describe() const {
  return joined(parts_, "and");
}

bool AnyOf::test(const Rows& rows, std::uint32_t row) const {
  return std::any_of(parts_.begin(), parts_.end(),
                     [&](const ConditionPart& part) { return part->test(rows, row); });
}

std::string AnyOf::describe() const {
  return joined(parts_, "or");
}

bool Condition::test(const Rows& rows, std::uint32_t row) const {
  return root_->test(rows, row);
}

void Condition::select(const Rows& rows, std::vector<std::uint32_t>& passing) const {
  passing.clear();
  for (std::size_t i = 0; i < rows.live_count(); ++i) passing.push_back(rows.live(i));
  root_->keep(rows, passing);
}

std::string Condition::describe() const {
  return root_->describe();
}

}  // namespace thalweg
