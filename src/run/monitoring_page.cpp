#include "run/monitoring_page.h"

#include <map>
#include <utility>

#include <fmt/format.h>

namespace thalweg {
namespace {

using Labels = std::vector<std::pair<const char*, std::string>>;

std::string escaped(const std::string& value) {
  std::string out;
  for (const char c : value) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out;
}

// Series of one name stand together, under their help: what the format asks for.
class Families {
 public:
  void add(const char* name, const char* type, const char* help, const Labels& labels,
           double value) {
    auto [it, added] = text_.try_emplace(name);
    if (added) {
      order_.emplace_back(name);
      it->second = fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n", name, help, type);
    }
    std::string inside;
    for (const auto& [label, text] : labels)
      inside += fmt::format("{}{}=\"{}\"", inside.empty() ? "" : ",", label, escaped(text));
    it->second += fmt::format("{}{{{}}} {}\n", name, inside, value);
  }
  [[nodiscard]] std::string text() const {
    std::string out;
    for (const std::string& name : order_) out += text_.at(name);
    return out;
  }

 private:
  std::map<std::string, std::string> text_;
  std::vector<std::string> order_;
};

void add_field(Families& out, Labels labels, const monitor::FieldDrift& f) {
  labels.emplace_back("field", f.field);
  out.add("thalweg_drift_psi", "gauge",
          "Population stability index of the last window against the baseline.", labels, f.psi);
  out.add("thalweg_drift_limit", "gauge", "What it may reach before the window counts as drifted.",
          labels, f.limit);
  out.add("thalweg_drift_alarm", "gauge",
          "1 while so many windows running have drifted as `drift.windows` says.", labels,
          f.alarm ? 1 : 0);
  out.add("thalweg_drift_missing_share", "gauge", "Share of rows of the last window without it.",
          labels, f.missing_share);
  out.add("thalweg_drift_outside_share", "gauge",
          "Share of rows of the last window that the baseline never saw: out of range, or unseen.",
          labels, f.outside_share);
}

void add_drift(Families& out, const MonitoringFigures& figures) {
  for (const monitor::VersionDrift& version : figures.drift) {
    const Labels labels = {{"pipeline", figures.pipeline},
                           {"model", version.model},
                           {"version", std::to_string(version.version)}};
    out.add("thalweg_drift_windows_total", "counter", "Windows judged.", labels,
            static_cast<double>(version.windows));
    out.add("thalweg_drift_window_rows", "gauge", "Rows of the last window.", labels,
            static_cast<double>(version.window_rows));
    out.add("thalweg_drift_baseline_rows", "gauge", "Rows of the baseline; 0: there is none yet.",
            labels, static_cast<double>(version.baseline_rows));
    for (const monitor::FieldDrift& field : version.fields) add_field(out, labels, field);
  }
  if (!figures.drift.empty()) {
    out.add("thalweg_drift_events_lost_total", "counter",
            "Events that could not be written to `drift.topic`.", {{"pipeline", figures.pipeline}},
            static_cast<double>(figures.events_lost));
  }
}

void add_comparisons(Families& out, const MonitoringFigures& figures) {
  for (const monitor::VersionPair& pair : figures.comparisons) {
    const Labels labels = {{"pipeline", figures.pipeline},
                           {"model", pair.model},
                           {"champion", std::to_string(pair.champion)},
                           {"challenger", std::to_string(pair.challenger)}};
    out.add("thalweg_comparison_rows_total", "counter", "Rows that both versions answered.", labels,
            static_cast<double>(pair.grid.rows()));
    out.add("thalweg_comparison_mean_difference", "gauge",
            "Mean of the absolute difference of their scores.", labels,
            pair.grid.mean_difference());
    out.add("thalweg_comparison_flip_share", "gauge",
            "Share of decisions that would be others with the challenger.", labels,
            pair.grid.flip_share(figures.threshold));
    out.add("thalweg_comparison_psi", "gauge",
            "Population stability index of the challenger's scores against the champion's.", labels,
            pair.grid.psi());
    out.add("thalweg_comparison_spearman", "gauge", "Spearman's rank correlation of their scores.",
            labels, pair.grid.spearman());
    out.add("thalweg_comparison_latency_ratio", "gauge",
            "Time of the challenger for a row, in the champion's.", labels, pair.latency_ratio());
  }
}

}  // namespace

std::string monitoring_page(const std::vector<MonitoringFigures>& pipelines) {
  Families out;
  for (const MonitoringFigures& figures : pipelines) {
    add_drift(out, figures);
    add_comparisons(out, figures);
  }
  return out.text();
}

}  // namespace thalweg
