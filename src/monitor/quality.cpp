#include "monitor/quality.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace thalweg::monitor {
namespace {

std::optional<double> share(double part, double whole) {
  if (whole == 0) return std::nullopt;
  return part / whole;
}

// Ranks summed over the positives, ties with the mean of their ranks.
std::optional<double> auc_of(const std::vector<double>& scores,
                             const std::vector<std::uint8_t>& labels, double positives) {
  const auto rows = static_cast<double>(scores.size());
  if (positives == 0 || positives == rows) return std::nullopt;
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return scores[a] < scores[b]; });
  double ranks = 0;
  for (std::size_t begin = 0; begin < order.size();) {
    std::size_t end = begin;
    double tied_positives = 0;
    while (end < order.size() && scores[order[end]] == scores[order[begin]])
      tied_positives += labels[order[end++]];
    ranks += tied_positives * (static_cast<double>(begin + end) + 1) / 2;
    begin = end;
  }
  return (ranks - positives * (positives + 1) / 2) / (positives * (rows - positives));
}

}  // namespace

double log_loss_of(double score, bool positive) noexcept {
  constexpr double margin = std::numeric_limits<double>::epsilon();
  const double p = std::clamp(score, margin, 1 - margin);
  return -std::log(positive ? p : 1 - p);
}

void Quality::add(double score, bool positive) {
  if (std::isnan(score)) {
    ++not_numbers_;
    return;
  }
  scores_.push_back(score);
  labels_.push_back(positive ? 1 : 0);
}

void Quality::merge(const Quality& other) {
  scores_.insert(scores_.end(), other.scores_.begin(), other.scores_.end());
  labels_.insert(labels_.end(), other.labels_.begin(), other.labels_.end());
  not_numbers_ += other.not_numbers_;
}

QualityFigures Quality::figures(double threshold) const {
  QualityFigures out;
  out.rows = scores_.size();
  out.not_numbers = not_numbers_;
  double loss = 0, squares = 0, foretold = 0, above = 0, hits = 0;
  for (std::size_t i = 0; i < scores_.size(); ++i) {
    const bool positive = labels_[i] != 0;
    const double error = scores_[i] - (positive ? 1 : 0);
    out.positives += positive ? 1 : 0;
    loss += log_loss_of(scores_[i], positive);
    squares += error * error;
    foretold += scores_[i];
    if (scores_[i] < threshold) continue;
    ++above;
    hits += positive ? 1 : 0;
  }
  const auto rows = static_cast<double>(out.rows);
  const auto positives = static_cast<double>(out.positives);
  out.auc = auc_of(scores_, labels_, positives);
  out.log_loss = share(loss, rows);
  out.brier = share(squares, rows);
  out.calibration = share(foretold, positives);
  out.precision = share(hits, above);
  out.recall = share(hits, positives);
  return out;
}

}  // namespace thalweg::monitor
