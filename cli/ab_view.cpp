#include "cli/ab_view.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>

#include <fmt/format.h>

#include "cli/terminal.h"
#include "config/scalars.h"

namespace thalweg::cli {
namespace {

std::string text_of(const Node& node, const char* name) {
  const Node* found = node.find(name);
  return found == nullptr || found->is_null() ? "" : found->text();
}

// None where JSON has null: too little was seen.
std::optional<double> figure_of(const Node& node, const char* name) {
  const Node* found = node.find(name);
  return found == nullptr ? std::nullopt : found->as_number();
}

std::uint64_t rows_of(const Node& arm) {
  return static_cast<std::uint64_t>(std::max(0.0, figure_of(arm, "rows").value_or(0)));
}

std::string percent_of(double share) {
  return config::number_text(std::round(share * 10'000) / 100) + " %";
}

const std::vector<Node>& list_of(const Node& ab, const char* name) {
  static const std::vector<Node> none;
  const Node* found = ab.find(name);
  return found == nullptr ? none : found->items();
}

std::string arm_text(const Node& arm) {
  std::string text =
      fmt::format("      {} version {}: {} rows with a score, {} of all ({} of the keys)",
                  text_of(arm, "variant"), text_of(arm, "version"), thousands(rows_of(arm)),
                  percent_of(figure_of(arm, "share_seen").value_or(0)),
                  percent_of(figure_of(arm, "share_expected").value_or(0)));
  const auto mean = figure_of(arm, "mean"), error = figure_of(arm, "standard_error");
  if (rows_of(arm) > 0 && mean) text += fmt::format("; mean {:.5g}", *mean);
  if (rows_of(arm) > 0 && mean && error) text += fmt::format(", standard error {:.2g}", *error);
  return text + "\n";
}

std::string verdict_text(const Node& verdict) {
  const Node* a = verdict.find("a");
  const Node* b = verdict.find("b");
  if (a == nullptr || b == nullptr) return {};
  const std::string names =
      fmt::format("      {} against {}: ", text_of(*b, "variant"), text_of(*a, "variant"));
  const std::string word = text_of(verdict, "verdict");
  if (word == "hidden")
    return names +
           "no verdict: the variants do not hold the shares of rows that they should; find out "
           "which rows are lost\n";
  const auto difference = figure_of(verdict, "difference"), low = figure_of(verdict, "low"),
             high = figure_of(verdict, "high");
  if (!difference || !low || !high)
    return names + "undecided; too few buckets have rows for an interval yet\n";
  return names +
         fmt::format("{}; difference {:+.5g}, between {:+.5g} and {:+.5g} whenever you look\n",
                     word == "b_larger"   ? "larger"
                     : word == "a_larger" ? "smaller"
                                          : word,
                     *difference, *low, *high);
}

}  // namespace

std::string ab_text(const Node& ab) {
  std::string text = fmt::format("    A/B in epoch {}:\n", text_of(ab, "epoch"));
  for (const Node& arm : list_of(ab, "arms")) text += arm_text(arm);
  for (const Node& verdict : list_of(ab, "verdicts")) text += verdict_text(verdict);
  return text;
}

std::string ab_total_text(const std::vector<const Node*>& tests) {
  std::vector<const Node*> same;
  for (const Node* ab : tests) {
    if (text_of(*ab, "epoch") == text_of(*tests.back(), "epoch")) same.push_back(ab);
  }
  if (same.size() < 2) return {};
  std::string text = fmt::format("  A/B of {} processes in epoch {}:\n", same.size(),
                                 text_of(*same.front(), "epoch"));
  for (const Node& arm : list_of(*same.front(), "arms")) {
    std::uint64_t rows = 0;
    double sum = 0;
    for (const Node* ab : same) {
      for (const Node& other : list_of(*ab, "arms")) {
        if (text_of(other, "variant") != text_of(arm, "variant")) continue;
        rows += rows_of(other);
        sum += static_cast<double>(rows_of(other)) * figure_of(other, "mean").value_or(0);
      }
    }
    text += fmt::format("      {}: {} rows with a score", text_of(arm, "variant"), thousands(rows));
    if (rows > 0) text += fmt::format("; mean {:.5g}", sum / static_cast<double>(rows));
    text += "\n";
  }
  return text;
}

}  // namespace thalweg::cli
