#include "monitor/ab_report.h"

#include <cmath>

#include <fmt/format.h>

#include "config/json_text.h"

namespace thalweg::monitor {
namespace {

std::string number(double value) {
  return std::isfinite(value) ? fmt::format("{:.6}", value) : "null";
}

std::string arm_json(const AbArm& arm) {
  return fmt::format(
      "{{\"variant\":{},\"rows\":{},\"buckets\":{},\"mean\":{:.6},\"standard_error\":{:.6}}}",
      config::json_string(arm.variant), arm.rows, arm.buckets, arm.mean, arm.standard_error);
}

}  // namespace

// Of a verdict that is hidden only the reason is shown: figures that are there are believed.
std::string to_json(const AbVerdict& v) {
  std::string out = fmt::format("{{\"a\":{},\"b\":{},\"verdict\":\"{}\",", arm_json(v.a),
                                arm_json(v.b), to_string(v.word));
  if (v.word != AbVerdict::Word::hidden) {
    out += fmt::format("\"difference\":{:.6},\"low\":{},\"high\":{},", v.difference,
                       number(v.interval.low), number(v.interval.high));
  }
  return out + fmt::format("\"ratio\":{{\"chi_squared\":{:.6},\"p\":{:.6},\"mismatch\":{}}}}}",
                           v.ratio.chi_squared, v.ratio.p, v.ratio.mismatch);
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
