#include "run/monitoring_page.h"

#include <algorithm>
#include <cmath>

#include "run/ab_page.h"
#include "run/metric_families.h"

namespace thalweg {
namespace {

void add_field(MetricFamilies& out, MetricLabels labels, const monitor::FieldDrift& f) {
  labels.emplace_back("field", f.field);
  out.add("thalweg_drift_alarm", "gauge",
          "1 while so many windows running have drifted as `drift.windows` says.", labels,
          f.alarm ? 1 : 0);
  if (std::isnan(f.psi)) return;  // the last window had nothing of it
  out.add("thalweg_drift_psi", "gauge",
          "Population stability index of the last window against the baseline.", labels, f.psi);
  out.add("thalweg_drift_limit", "gauge", "What it may reach before the window counts as drifted.",
          labels, f.limit);
  out.add("thalweg_drift_missing_share", "gauge", "Share of rows of the last window without it.",
          labels, f.missing_share);
  out.add("thalweg_drift_outside_share", "gauge",
          "Share of rows of the last window that the baseline never saw: out of range, or unseen.",
          labels, f.outside_share);
}

// Labels are numbers: of several versions of one number there is a series of the one that was asked last only. GET /monitoring has all.
bool asked_last(const monitor::VersionDrift& one, const std::vector<monitor::VersionDrift>& all) {
  return std::none_of(all.begin(), all.end(), [&](const monitor::VersionDrift& other) {
    if (&other == &one || other.model != one.model || other.version != one.version) return false;
    return other.asked.ms > one.asked.ms || (other.asked.ms == one.asked.ms && &other < &one);
  });
}

bool compared_last(const monitor::VersionPair& one, const std::vector<monitor::VersionPair>& all) {
  return std::none_of(all.begin(), all.end(), [&](const monitor::VersionPair& other) {
    if (&other == &one || other.model != one.model || other.champion != one.champion ||
        other.challenger != one.challenger)
      return false;
    return other.idle_ms < one.idle_ms || (other.idle_ms == one.idle_ms && &other > &one);
  });
}

void add_drift(MetricFamilies& out, const MonitoringFigures& figures) {
  for (const monitor::VersionDrift& version : figures.drift) {
    if (!asked_last(version, figures.drift)) continue;
    const MetricLabels labels = {{"pipeline", figures.pipeline},
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

void add_comparisons(MetricFamilies& out, const MonitoringFigures& figures) {
  for (const monitor::VersionPair& pair : figures.comparisons) {
    if (!compared_last(pair, figures.comparisons)) continue;
    const MetricLabels labels = {{"pipeline", figures.pipeline},
                                 {"model", pair.model},
                                 {"champion", std::to_string(pair.champion)},
                                 {"challenger", std::to_string(pair.challenger)}};
    out.add("thalweg_comparison_rows_total", "counter", "Rows that both versions answered.", labels,
            static_cast<double>(pair.grid.rows()));
    out.add("thalweg_comparison_outside_rows_total", "counter",
            "Those of them with a score outside `comparison.low` and `comparison.high`.", labels,
            static_cast<double>(pair.grid.outside()));
    out.add("thalweg_comparison_mean_difference", "gauge",
            "Mean of the absolute difference of their scores.", labels,
            pair.grid.mean_difference());
    out.add("thalweg_comparison_flip_share", "gauge",
            "Share of decisions that would be others with the challenger.", labels,
            pair.grid.flip_share(figures.threshold));
    out.add("thalweg_comparison_threshold", "gauge",
            "From which score on a decision is a yes: `comparison.threshold`.", labels,
            figures.threshold);
    out.add("thalweg_comparison_psi", "gauge",
            "Population stability index of the challenger's scores against the champion's.", labels,
            pair.grid.psi());
    out.add("thalweg_comparison_spearman", "gauge", "Spearman's rank correlation of their scores.",
            labels, pair.grid.spearman());
    out.add("thalweg_comparison_latency_ratio", "gauge",
            "Time of the challenger for a row, in the champion's.", labels, pair.latency_ratio());
  }
}

void add_shadow_topics(MetricFamilies& out, const MonitoringFigures& figures) {
  for (const MonitoringFigures::ShadowTopic& one : figures.shadow_topics) {
    const MetricLabels labels = {{"pipeline", figures.pipeline}, {"topic", one.topic}};
    out.add("thalweg_shadow_outputs_total", "counter",
            "Answers of a shadow that were written to its topic.", labels,
            static_cast<double>(one.written));
    out.add("thalweg_shadow_outputs_lost_total", "counter",
            "Answers of a shadow that were not: its queue was full, or the topic not there.",
            labels, static_cast<double>(one.lost));
  }
}

}  // namespace

std::string monitoring_page(const std::vector<MonitoringFigures>& pipelines) {
  MetricFamilies out;
  for (const MonitoringFigures& figures : pipelines) {
    add_drift(out, figures);
    add_comparisons(out, figures);
    add_ab(out, figures.pipeline, figures.ab);
    add_shadow_topics(out, figures);
  }
  return out.text();
}

}  // namespace thalweg
