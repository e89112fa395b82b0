#include "run/ab_page.h"

#include <cmath>

namespace thalweg {
namespace {

void add_arm(MetricFamilies& out, MetricLabels labels, const monitor::AbLiveArm& arm) {
  labels.emplace_back("variant", arm.figures.variant);
  labels.emplace_back("version", std::to_string(arm.version));
  const monitor::AbArm& f = arm.figures;
  out.add("thalweg_ab_rows_total", "counter",
          "Rows that a variant answered with a number, since its epoch began.", labels,
          static_cast<double>(f.rows));
  out.add("thalweg_ab_asked_rows_total", "counter", "Rows that it was asked for.", labels,
          static_cast<double>(arm.asked));
  out.add("thalweg_ab_share_expected", "gauge", "Share of the keys that the route gives it.",
          labels, arm.share_expected);
  out.add("thalweg_ab_share_seen", "gauge", "Share of all variants' answered rows that are its.",
          labels, arm.share_seen);
  out.add("thalweg_ab_mean_score", "gauge", "Mean of its scores.", labels, f.mean);
  out.add("thalweg_ab_standard_error", "gauge", "Standard error of that, by buckets.", labels,
          f.standard_error);
  out.add("thalweg_ab_bucket_score", "gauge", "Sum over buckets of s.", labels, f.sum);
  out.add("thalweg_ab_bucket_rows_squared", "gauge", "Sum over buckets of n * n, n its rows.",
          labels, f.rows_squared);
  out.add("thalweg_ab_bucket_rows_by_score", "gauge",
          "Sum over buckets of n * s, s the sum of its scores.", labels, f.rows_by_sum);
  out.add("thalweg_ab_bucket_score_squared", "gauge", "Sum over buckets of s * s.", labels,
          f.sum_squared);
}

// Of a verdict that is hidden there is only the reason: figures that are there are believed.
void add_verdict(MetricFamilies& out, MetricLabels labels, const monitor::AbVerdict& v) {
  labels.emplace_back("a", v.a.variant);
  labels.emplace_back("b", v.b.variant);
  out.add("thalweg_ab_ratio_p", "gauge",
          "How probable so uneven shares of rows are, if nothing loses any.", labels, v.ratio.p);
  out.add("thalweg_ab_ratio_mismatch", "gauge",
          "1 when the variants do not hold the shares that they should: there is no verdict then.",
          labels, v.ratio.mismatch ? 1 : 0);
  if (v.ratio.mismatch || !std::isfinite(v.interval.low)) return;
  out.add("thalweg_ab_difference", "gauge", "Mean score of b less that of a.", labels,
          v.difference);
  out.add("thalweg_ab_difference_low", "gauge",
          "Lower end of its interval, which holds whenever one looks.", labels, v.interval.low);
  out.add("thalweg_ab_difference_high", "gauge", "Upper end of it.", labels, v.interval.high);
}

}  // namespace

void add_ab(MetricFamilies& out, const std::string& pipeline,
            const std::vector<monitor::AbLive>& tests) {
  for (const monitor::AbLive& test : tests) {
    const MetricLabels labels = {
        {"pipeline", pipeline}, {"model", test.model}, {"epoch", std::to_string(test.epoch)}};
    for (const monitor::AbLiveArm& arm : test.arms) add_arm(out, labels, arm);
    for (const monitor::AbVerdict& verdict : test.verdicts) add_verdict(out, labels, verdict);
  }
}

}  // namespace thalweg
