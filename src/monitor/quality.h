// How good scores were, once labels are known: AUC, log-loss, Brier score, calibration ratio, precision and recall at a threshold.
//
//   AUC           the share of pairs of a positive and a negative that the scores order rightly, ties half: the Mann-Whitney statistic;
//                 Hanley and McNeil, Radiology 143 (1982). As sklearn.metrics.roc_auc_score
//   log-loss      mean of -ln of what was said of the label that came; scores are kept 2^-52 away from 0 and 1, as
//                 sklearn.metrics.log_loss does for float64
//   Brier         mean of (score - label)²: Brier, Monthly Weather Review 78 (1950). As sklearn.metrics.brier_score_loss
//   calibration   Σ scores / Σ labels: 1 when as many positives came as were foretold; He et al., "Practical Lessons from Predicting Clicks
//                 on Ads at Facebook" (2014), the other way up
//   precision     of the rows with score ≥ threshold, the share of positives; recall: of the positives, the share of such rows
//
// Exact: keeps nine bytes a row. The sum of two is that of all rows of both.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace thalweg::monitor {

struct QualityFigures {
  std::uint64_t rows = 0;
  std::uint64_t positives = 0;
  std::uint64_t not_numbers = 0;  // scores that are none; in no figure
  // Nothing where it is not defined: an AUC needs both labels, a calibration ratio a positive, a precision a row above the threshold.
  std::optional<double> auc, log_loss, brier, calibration, precision, recall;
};

class Quality {
 public:
  void add(double score, bool positive);
  void merge(const Quality& other);
  [[nodiscard]] QualityFigures figures(double threshold) const;

 private:
  std::vector<double> scores_;
  std::vector<std::uint8_t> labels_;
  std::uint64_t not_numbers_ = 0;
};

// Of one row, as in the figure above.
[[nodiscard]] double log_loss_of(double score, bool positive) noexcept;

}  // namespace thalweg::monitor
