// History through two sides of a pipeline, the present (or recorded) versions and others, and what is between their answers.
//
//   make ─▶ add (each record, in the order of its partition) ─▶ finish ─▶ report
//
// Both sides run the whole pipeline, each with its versions' own features, on one thread, a thousand records at a time. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "thalweg/registry.h"

#include "cli/recorded_models.h"
#include "cli/replay.h"
#include "monitor/evaluation.h"
#include "monitor/recorded_answers.h"
#include "monitor/score_grid.h"

namespace thalweg::cli {

struct BacktestOptions {
  std::string model;  // whose answers are compared
  std::string score;
  double threshold = 0.5;
  double low = 0, high = 1;  // of scores
  bool labels = false;       // predictions are kept for them
  // Told of each record when both sides are done with it; a null side did not run.
  std::function<void(const ReplayRecord&, const RecordOutcome* baseline,
                     const RecordOutcome* candidate)>
      told{};
};

struct BacktestReport {
  std::string model;
  std::uint64_t records = 0;
  std::int64_t first_ms = -1, last_ms = -1;
  // As recorded: records that nobody is known to have answered, and why.
  std::uint64_t unknown = 0;
  std::map<std::string, std::uint64_t> unknown_reasons;
  ReplayTotals baseline, candidate;
  bool has_candidate = false;
  double threshold = 0.5;
  monitor::ScoreGrid grid;  // of rows that both answered
  std::uint64_t compared = 0, flips = 0, same = 0;
  std::uint64_t only_baseline = 0, only_candidate = 0;  // rows
  double difference_sum = 0, difference_max = 0;
  std::optional<monitor::EvaluationReport> baseline_quality, candidate_quality;

  [[nodiscard]] double mean_difference() const noexcept {
    return compared == 0 ? 0 : difference_sum / static_cast<double>(compared);
  }
  [[nodiscard]] double flip_share() const noexcept {
    return compared == 0 ? 0 : static_cast<double>(flips) / static_cast<double>(compared);
  }
  [[nodiscard]] double latency_ratio() const noexcept {
    return baseline.us_per_row() > 0 ? candidate.us_per_row() / baseline.us_per_row() : 0;
  }
};

class Backtest {
 public:
  // `candidate`: null: only the baseline runs. `recorded`: null: the baseline is what its file says. `models`: those that a record must be known to have
  // been answered by. All of it for_replay. `registry` and `recorded` outlive it. Errors: those of Replay::make.
  struct Sides {
    PipelineFile baseline;
    std::optional<PipelineFile> candidate;
    const monitor::RecordedAnswers* recorded = nullptr;
    std::vector<std::string> models;
  };
  [[nodiscard]] static Result<std::unique_ptr<Backtest>> make(Sides sides, const Registry& registry,
                                                              BacktestOptions options);

  [[nodiscard]] Status add(ReplayRecord record);
  [[nodiscard]] Status finish();
  // After finish. Errors: not_json, missing_field.
  [[nodiscard]] Status add_label(std::string_view line);
  [[nodiscard]] BacktestReport report() const;
  [[nodiscard]] std::uint64_t records() const noexcept { return report_.records; }

 private:
  using Records = std::vector<const ReplayRecord*>;
  using Outcomes = std::vector<RecordOutcome>;

  explicit Backtest(BacktestOptions options);
  [[nodiscard]] Status run_chunk();
  [[nodiscard]] Status run_recorded(Records& records, Outcomes& outcomes);
  [[nodiscard]] std::string route(const ReplayRecord& record,
                                  std::vector<const monitor::RecordedRoute*>& routes);
  void join(const ReplayRecord& record, RecordOutcome& baseline, RecordOutcome* candidate);
  void compare(const RowAnswer& baseline, const RowAnswer& candidate);
  void keep_prediction(const ReplayRecord& record, const RecordOutcome& outcome,
                       monitor::Evaluation& evaluation) const;

  const BacktestOptions options_;
  std::unique_ptr<Replay> baseline_, candidate_;
  const monitor::RecordedAnswers* recorded_ = nullptr;
  RecordedModels* recorded_models_ = nullptr;  // baseline_'s
  std::vector<std::string> models_;
  std::map<const monitor::RecordedRoute*, std::string>
      refused_;  // routes that cannot be had, and why
  std::vector<ReplayRecord> chunk_;
  std::size_t chunk_bytes_ = 0;
  bool candidate_first_ = false;
  BacktestReport report_;
  std::unique_ptr<monitor::Evaluation> baseline_quality_, candidate_quality_;
};

// A score as JSON has it: shortest, as its own type; null where it is no number.
[[nodiscard]] std::string score_text(const RowAnswer& answer);

[[nodiscard]] std::string to_text(const BacktestReport& report);
[[nodiscard]] std::string to_json(const BacktestReport& report);

}  // namespace thalweg::cli
