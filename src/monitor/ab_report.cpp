#include "monitor/ab_report.h"

#include <cmath>

#include <fmt/format.h>

#include "config/json_text.h"

namespace thalweg::monitor {
namespace {

std::string arm_json(const AbArm& arm) {
  return fmt::format(
      "{{\"variant\":{},\"rows\":{},\"buckets\":{},\"mean\":{},\"standard_error\":{}}}",
      config::json_string(arm.variant), arm.rows, arm.buckets, json_figure(arm.mean),
      json_figure(arm.standard_error));
}

}  // namespace

std::string json_figure(double value) {
  return std::isfinite(value) ? fmt::format("{:.6}", value) : "null";
}

// Of a verdict that is hidden only the reason is shown: figures that are there are believed.
std::string to_json(const AbVerdict& v) {
  std::string out = fmt::format("{{\"a\":{},\"b\":{},\"verdict\":\"{}\",", arm_json(v.a),
                                arm_json(v.b), to_string(v.word));
  if (v.word != AbVerdict::Word::hidden) {
    out += fmt::format("\"difference\":{},\"low\":{},\"high\":{},", json_figure(v.difference),
                       json_figure(v.interval.low), json_figure(v.interval.high));
  }
  return out + fmt::format("\"ratio\":{{\"chi_squared\":{},\"p\":{},\"mismatch\":{}}}}}",
                           json_figure(v.ratio.chi_squared), json_figure(v.ratio.p),
                           v.ratio.mismatch);
}

std::string to_text(const AbVerdict& v) {
  const std::string names =
      fmt::format("  {} (mean {:.5g}, {} rows) against {} (mean {:.5g}, {} rows): ", v.b.variant,
                  v.b.mean, v.b.rows, v.a.variant, v.a.mean, v.a.rows);
  if (v.word == AbVerdict::Word::hidden) {
    return fmt::format(
        "  {} against {}: no verdict: the variants do not hold the shares of rows that they should "
        "(p = {:.2g}), {} and {} rows; find out which rows are lost\n",
        v.b.variant, v.a.variant, v.ratio.p, v.b.rows, v.a.rows);
  }
  const char* word = v.word == AbVerdict::Word::undecided  ? "undecided"
                     : v.word == AbVerdict::Word::b_larger ? "larger"
                                                           : "smaller";
  if (!std::isfinite(v.interval.low))
    return names + "undecided; too few buckets have rows for an interval yet\n";
  return names +
         fmt::format("{}; difference {:+.5g}, between {:+.5g} and {:+.5g} whenever you look\n",
                     word, v.difference, v.interval.low, v.interval.high);
}

}  // namespace thalweg::monitor
