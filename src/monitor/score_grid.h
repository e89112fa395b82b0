// Champion against challenger, without labels: a histogram of 64 × 64 cells of the scores that both gave for the same rows.
//
// Small, of fixed size, and the sum of two is the grid of both, so that workers and processes keep their own. Scores are taken
// between `low` and `high`; what lies outside counts in the outermost cells. All figures are those of the cells: a score stands for the middle of its
// cell, so |difference| is right to one cell (1/64 of the range), and a threshold lies on a cell's border.
//
// Spearman's ρ is Pearson's correlation of the ranks, ties with the mean of their ranks, from a contingency table: Kendall and Gibbons,
// "Rank Correlation Methods" (1990), chapter 3. PSI: psi.h, in 16 bins of four cells.
#pragma once

#include <array>
#include <cstdint>

namespace thalweg::monitor {

class ScoreGrid {
 public:
  static constexpr std::size_t cells = 64;

  ScoreGrid() = default;
  ScoreGrid(double low, double high) : low_(low), high_(high) {}

  // A score that is not a number is counted apart.
  void add(double champion, double challenger) noexcept;
  // REQUIRES the same range.
  void merge(const ScoreGrid& other) noexcept;

  [[nodiscard]] std::uint64_t rows() const noexcept { return rows_; }
  [[nodiscard]] std::uint64_t not_numbers() const noexcept { return not_numbers_; }
  // Rows of which one score, or both, lay outside the range: many mean that it is the wrong one.
  [[nodiscard]] std::uint64_t outside() const noexcept { return outside_; }
  [[nodiscard]] double low() const noexcept { return low_; }
  [[nodiscard]] double high() const noexcept { return high_; }
  [[nodiscard]] std::uint64_t at(std::size_t champion, std::size_t challenger) const noexcept {
    return counts_[champion * cells + challenger];
  }

  // All 0 without rows.
  [[nodiscard]] double mean_difference() const noexcept;  // of |champion - challenger|
  // How many decisions at the threshold would be others.
  [[nodiscard]] double flip_share(double threshold) const noexcept;
  [[nodiscard]] double psi() const noexcept;  // the challenger's scores against the champion's
  // 0 when one of them always gives the same score.
  [[nodiscard]] double spearman() const noexcept;

 private:
  using Margin = std::array<std::uint64_t, cells>;
  [[nodiscard]] std::size_t cell(double score) const noexcept;
  [[nodiscard]] Margin champions() const noexcept;
  [[nodiscard]] Margin challengers() const noexcept;

  double low_ = 0;
  double high_ = 1;
  std::uint64_t rows_ = 0;
  std::uint64_t not_numbers_ = 0;
  std::uint64_t outside_ = 0;
  std::array<std::uint64_t, cells * cells> counts_{};
};

}  // namespace thalweg::monitor
