// The report of a backtest, for people and for scripts.
#include <fmt/format.h>

#include "cli/backtest.h"
#include "cli/terminal.h"
#include "config/json_text.h"
#include "control/record.h"

namespace thalweg::cli {
namespace {

// "4", or "3, 4" where several answered.
std::string versions_text(const ReplayTotals& totals) {
  std::string text;
  for (const auto& [version, rows] : totals.rows_by_version)
    text += (text.empty() ? "" : ", ") + std::to_string(version);
  return text.empty() ? "-" : text;
}

std::string dead_text(const ReplayTotals& totals) {
  std::string text = thousands(totals.dead);
  std::string reasons;
  for (const auto& [code, count] : totals.dead_by_code)
    reasons += fmt::format("{}{} {}", reasons.empty() ? "" : ", ", code, count);
  return reasons.empty() ? text : fmt::format("{} ({})", text, reasons);
}

std::string line(std::string_view what, const std::string& baseline, const std::string& candidate) {
  return fmt::format("{:<24}{:<28}{}\n", what, baseline, candidate);
}

std::string sides_text(const BacktestReport& r) {
  const bool both = r.has_candidate;
  const auto pair = [&](std::string_view what, const auto& of) {
    return line(what, of(r.baseline), both ? of(r.candidate) : "");
  };
  std::string out = line("", "baseline", both ? "candidate" : "");
  out += pair("version", versions_text);
  out += pair("rows", [](const ReplayTotals& t) { return thousands(t.rows); });
  out += pair("  answered", [](const ReplayTotals& t) { return thousands(t.answered); });
  out += pair("  no number", [](const ReplayTotals& t) { return thousands(t.not_numbers); });
  out += pair("dead letters", dead_text);
  out += pair("model, us a row",
              [](const ReplayTotals& t) { return fmt::format("{:.1f}", t.us_per_row()); });
  return out;
}

std::string comparison_text(const BacktestReport& r) {
  std::string out = fmt::format("\n{} rows compared, {} with the same score", thousands(r.compared),
                                thousands(r.same));
  if (r.only_baseline > 0)
    out += fmt::format("; {} answered by the baseline alone", thousands(r.only_baseline));
  if (r.only_candidate > 0)
    out += fmt::format("; {} by the candidate alone", thousands(r.only_candidate));
  out += '\n';
  if (r.compared == 0) return out;
  return out + fmt::format(
                   "  mean |difference|     {:.6} (largest {:.6})\n"
                   "  decisions that flip   {:.4} % at {} ({})\n"
                   "  PSI                   {:.4}\n"
                   "  Spearman              {:.4}\n"
                   "  latency ratio         {:.2f}\n",
                   r.mean_difference(), r.difference_max, r.flip_share() * 100, r.threshold,
                   thousands(r.flips), r.grid.psi(), r.grid.spearman(), r.latency_ratio());
}

std::string totals_json(const ReplayTotals& t) {
  std::string versions, dead;
  for (const auto& [version, rows] : t.rows_by_version)
    versions += fmt::format(R"({}"{}":{})", versions.empty() ? "" : ",", version, rows);
  for (const auto& [code, count] : t.dead_by_code)
    dead += fmt::format("{}{}:{}", dead.empty() ? "" : ",", config::json_string(code), count);
  return fmt::format(
      R"({{"records":{},"rows_by_version":{{{}}},"rows":{},"answered":{},)"
      R"("not_numbers":{},"dead":{},"dead_by_code":{{{}}},"model_us_per_row":{:.3f}}})",
      t.records, versions, t.rows, t.answered, t.not_numbers, t.dead, dead, t.us_per_row());
}

std::string without_newline(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

}  // namespace

std::string to_text(const BacktestReport& r) {
  std::string out = fmt::format("model '{}': {}", r.model, counted(r.records, "record"));
  if (r.first_ms >= 0)
    out += fmt::format(", {} to {}", control::time_text(r.first_ms), control::time_text(r.last_ms));
  out += "\n";
  for (const auto& [why, count] : r.unknown_reasons)
    out += fmt::format("{} left out: {}\n", counted(count, "record"), why);
  out += "\n" + sides_text(r);
  if (r.has_candidate) out += comparison_text(r);
  if (r.baseline_quality) out += "\nbaseline: " + monitor::to_text(*r.baseline_quality);
  if (r.candidate_quality) out += "\ncandidate: " + monitor::to_text(*r.candidate_quality);
  return out;
}

std::string to_json(const BacktestReport& r) {
  std::string reasons;
  for (const auto& [why, count] : r.unknown_reasons)
    reasons += fmt::format("{}{}:{}", reasons.empty() ? "" : ",", config::json_string(why), count);
  std::string out = fmt::format(
      R"({{"model":{},"records":{},"first_ms":{},"last_ms":{},"unknown":{},"unknown_reasons":{{{}}},)"
      R"("baseline":{})",
      config::json_string(r.model), r.records, r.first_ms, r.last_ms, r.unknown, reasons,
      totals_json(r.baseline));
  if (r.has_candidate) {
    out += fmt::format(
        R"(,"candidate":{},"comparison":{{"rows":{},"same":{},"only_baseline":{},"only_candidate":{},)"
        R"("mean_difference":{:.9},"max_difference":{:.9},"threshold":{},"flips":{},)"
        R"("flip_share":{:.9},"psi":{:.6},"spearman":{:.6},"latency_ratio":{:.4}}})",
        totals_json(r.candidate), r.compared, r.same, r.only_baseline, r.only_candidate,
        r.mean_difference(), r.difference_max, r.threshold, r.flips, r.flip_share(), r.grid.psi(),
        r.grid.spearman(), r.latency_ratio());
  }
  if (r.baseline_quality)
    out += R"(,"baseline_quality":)" + without_newline(monitor::to_json(*r.baseline_quality));
  if (r.candidate_quality)
    out += R"(,"candidate_quality":)" + without_newline(monitor::to_json(*r.candidate_quality));
  return out + "}\n";
}

}  // namespace thalweg::cli
