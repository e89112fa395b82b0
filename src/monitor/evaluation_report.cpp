// The report of an evaluation, for scripts and for people.
#include <cmath>

#include <fmt/format.h>

#include "config/json_text.h"
#include "monitor/ab_report.h"
#include "monitor/evaluation.h"

namespace thalweg::monitor {
namespace {

std::string number(const std::optional<double>& value) {
  return value && std::isfinite(*value) ? fmt::format("{:.6}", *value) : "null";
}

std::string shown(const std::optional<double>& value) {
  return value ? fmt::format("{:.4f}", *value) : "-";
}

std::string group_json(const GroupFigures& g) {
  const QualityFigures& q = g.quality;
  return fmt::format(
      "{{\"model\":{},\"version\":{},\"variant\":{},\"predictions\":{},\"unjoined\":{},"
      "\"rows\":{},\"positives\":{},\"not_numbers\":{},\"auc\":{},\"log_loss\":{},\"brier\":{},"
      "\"calibration\":{},\"precision\":{},\"recall\":{}}}",
      config::json_string(g.model), g.version, config::json_string(g.variant), g.predictions,
      g.unjoined, q.rows, q.positives, q.not_numbers, number(q.auc), number(q.log_loss),
      number(q.brier), number(q.calibration), number(q.precision), number(q.recall));
}

template <class T, class F>
std::string list(const std::vector<T>& items, F json) {
  std::string out = "[";
  for (const T& item : items) out += (out.size() > 1 ? "," : "") + json(item);
  return out + "]";
}

}  // namespace

std::string to_json(const EvaluationReport& r) {
  return fmt::format(
      "{{\"predictions\":{},\"unusable\":{},\"labels\":{},\"labels_unjoined\":{},\"groups\":{},"
      "\"epoch\":{},\"ab\":{}}}\n",
      r.predictions, r.unusable, r.labels, r.labels_unjoined, list(r.groups, group_json), r.epoch,
      list(r.ab, [](const AbVerdict& v) { return to_json(v); }));
}

std::string to_text(const EvaluationReport& r) {
  std::string out = fmt::format("{} predictions, {} labels ({} of no prediction here)",
                                r.predictions, r.labels, r.labels_unjoined);
  if (r.unusable > 0) out += fmt::format("; {} lines without model or score", r.unusable);
  out += "\n\n";
  out += fmt::format("{:<24}{:>9}{:>10}{:>9}{:>10}{:>9}{:>13}{:>11}{:>9}\n",
                     "model version variant", "joined", "unjoined", "AUC", "log-loss", "Brier",
                     "calibration", "precision", "recall");
  for (const GroupFigures& g : r.groups) {
    const QualityFigures& q = g.quality;
    out += fmt::format("{:<24}{:>9}{:>10}{:>9}{:>10}{:>9}{:>13}{:>11}{:>9}\n",
                       fmt::format("{} {} {}", g.model, g.version, g.variant), q.rows, g.unjoined,
                       shown(q.auc), shown(q.log_loss), shown(q.brier), shown(q.calibration),
                       shown(q.precision), shown(q.recall));
  }
  if (r.ab.empty()) return out;
  out += r.epoch >= 0 ? fmt::format("\nA/B, epoch {}:\n", r.epoch) : "\nA/B:\n";
  for (const AbVerdict& v : r.ab) out += to_text(v);
  return out;
}

}  // namespace thalweg::monitor
