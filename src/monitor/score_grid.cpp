#include "monitor/score_grid.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "monitor/psi.h"

namespace thalweg::monitor {
namespace {

constexpr std::size_t psi_bins = 16;

// Of each cell, the mean of the ranks that its rows share, from 1.
std::array<double, ScoreGrid::cells> ranks_of(
    const std::array<std::uint64_t, ScoreGrid::cells>& margin) {
  std::array<double, ScoreGrid::cells> ranks{};
  double before = 0;
  for (std::size_t i = 0; i < margin.size(); ++i) {
    const auto count = static_cast<double>(margin[i]);
    ranks[i] = before + (count + 1) / 2;
    before += count;
  }
  return ranks;
}

std::array<std::uint64_t, psi_bins> coarse(
    const std::array<std::uint64_t, ScoreGrid::cells>& margin) {
  std::array<std::uint64_t, psi_bins> bins{};
  for (std::size_t i = 0; i < margin.size(); ++i)
    bins[i * psi_bins / ScoreGrid::cells] += margin[i];
  return bins;
}

}  // namespace

std::size_t ScoreGrid::cell(double score) const noexcept {
  const double place = (score - low_) / (high_ - low_) * static_cast<double>(cells);
  return static_cast<std::size_t>(std::clamp(place, 0.0, static_cast<double>(cells - 1)));
}

void ScoreGrid::add(double champion, double challenger) noexcept {
  if (std::isnan(champion) || std::isnan(challenger)) {
    ++not_numbers_;
    return;
  }
  ++counts_[cell(champion) * cells + cell(challenger)];
  ++rows_;
  const auto out = [this](double score) { return score < low_ || score > high_; };
  outside_ += out(champion) || out(challenger) ? 1U : 0U;
}

void ScoreGrid::merge(const ScoreGrid& other) noexcept {
  for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
  rows_ += other.rows_;
  not_numbers_ += other.not_numbers_;
  outside_ += other.outside_;
}

ScoreGrid::Margin ScoreGrid::champions() const noexcept {
  Margin margin{};
  for (std::size_t i = 0; i < counts_.size(); ++i) margin[i / cells] += counts_[i];
  return margin;
}

ScoreGrid::Margin ScoreGrid::challengers() const noexcept {
  Margin margin{};
  for (std::size_t i = 0; i < counts_.size(); ++i) margin[i % cells] += counts_[i];
  return margin;
}

double ScoreGrid::mean_difference() const noexcept {
  if (rows_ == 0) return 0;
  double sum = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    const auto apart = static_cast<double>(i / cells) - static_cast<double>(i % cells);
    sum += std::abs(apart) * static_cast<double>(counts_[i]);
  }
  return sum * (high_ - low_) / static_cast<double>(cells) / static_cast<double>(rows_);
}

double ScoreGrid::flip_share(double threshold) const noexcept {
  if (rows_ == 0) return 0;
  // The border that is nearest: below it "no", from it on "yes".
  const double place = std::round((threshold - low_) / (high_ - low_) * static_cast<double>(cells));
  const auto border = static_cast<std::size_t>(std::clamp(place, 0.0, static_cast<double>(cells)));
  std::uint64_t flips = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    if ((i / cells >= border) != (i % cells >= border)) flips += counts_[i];
  }
  return static_cast<double>(flips) / static_cast<double>(rows_);
}

double ScoreGrid::psi() const noexcept {
  return monitor::psi(coarse(champions()), coarse(challengers()));
}

double ScoreGrid::spearman() const noexcept {
  const Margin a = champions();
  const Margin b = challengers();
  const auto rank_a = ranks_of(a);
  const auto rank_b = ranks_of(b);
  const double mean = (static_cast<double>(rows_) + 1) / 2;
  double both = 0, alone_a = 0, alone_b = 0;
  for (std::size_t i = 0; i < cells; ++i) {
    alone_a += static_cast<double>(a[i]) * (rank_a[i] - mean) * (rank_a[i] - mean);
    alone_b += static_cast<double>(b[i]) * (rank_b[i] - mean) * (rank_b[i] - mean);
    for (std::size_t j = 0; j < cells; ++j)
      both += static_cast<double>(at(i, j)) * (rank_a[i] - mean) * (rank_b[j] - mean);
  }
  if (alone_a == 0 || alone_b == 0) return 0;
  return both / std::sqrt(alone_a * alone_b);
}

}  // namespace thalweg::monitor
