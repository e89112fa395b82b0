#include "process/infer/shadow_run.h"

#include <numeric>

#include "process/infer/infer_inputs.h"

namespace thalweg {
namespace {

void gather_all(std::span<const Column> from, std::span<const std::uint32_t> rows,
                std::vector<Column>& to) {
  to.resize(from.size());
  for (std::size_t i = 0; i < from.size(); ++i) gather_rows(from[i], rows, to[i]);
}

}  // namespace

void ShadowRun::begin(ShadowJob& job) {
  rows_.resize(job.batch.rows().count());
  std::iota(rows_.begin(), rows_.end(), 0U);
  answered_.clear();
  use_.begin(job.bound, job.batch, rows_);
}

void ShadowRun::place(ShadowJob& job) {
  origins_.assign(rows_.size(), RowOrigin{});
  for (const InferRun::Piece& piece : run().pieces()) {
    for (std::uint32_t i = piece.begin; i < piece.end; ++i)
      origins_[use_.batch_row(run().rows()[i])] = {RowOrigin::Kind::call, i - piece.begin, &piece};
  }
  for (const std::uint32_t row : rows_) {
    if (origins_[row].kind == RowOrigin::Kind::call) answered_.push_back(row);
  }
  add_output_columns(job.batch, plans_, origins_, {});
}

void ShadowRun::tell(ShadowJob& job, ScoreObserver& observer, bool threw) {
  const bool failed = threw || run().failure().has_value();
  std::span<const Column> outputs;
  if (!failed) {
    place(job);
    outputs = made(job);
    if (answered_.size() != rows_.size()) {
      gather_all(made(job), answered_, answers_);
      outputs = answers_;
    }
  }
  const BatchTimes& times = run().times();
  observer.scored(
      {.batch = job.batch,
       .schema = input_,
       .columns = std::span<const Column>(job.batch.rows().columns).first(input_.fields.size()),
       .rows = rows_,
       .output_schema = outputs_,
       .outputs = outputs,
       .answered = answered_,
       .reads = job.bound.binding->reads,
       .route = *job.route,
       .variant = nullptr,
       .version = *job.bound.version,
       .role = Role::shadow,
       .model_ns = times.model_ns,
       .model_calls = times.model_calls,
       .failed = failed,
       .feature_schema = use_.feature_schema(),
       .features = use_.features(),
       .feature_rows = run().rows()});
  if (failed) return;
  for (std::size_t i = 0; i < job.champion_count; ++i) compare(job, job.champions[i], observer);
}

void ShadowRun::compare(ShadowJob& job, const ShadowJob::Champion& champion,
                        ScoreObserver& observer) {
  ours_.clear();
  theirs_.clear();
  for (std::uint32_t i = 0; i < champion.rows.size(); ++i) {
    if (origins_[champion.rows[i]].kind != RowOrigin::Kind::call) continue;
    theirs_.push_back(i);
    ours_.push_back(champion.rows[i]);
  }
  if (ours_.empty()) return;
  std::span<const Column> champions = champion.outputs;
  std::span<const Column> challengers = made(job);
  if (theirs_.size() != champion.rows.size()) {
    gather_all(champion.outputs, theirs_, champion_answers_);
    champions = champion_answers_;
  }
  if (ours_.size() != rows_.size()) {
    gather_all(made(job), ours_, challenger_answers_);
    challengers = challenger_answers_;
  }
  observer.compared({.route = *job.route,
                     .variant = *champion.variant,
                     .champion = *champion.variant->version,
                     .challenger = *job.bound.version,
                     .output_schema = outputs_,
                     .champion_outputs = champions,
                     .challenger_outputs = challengers,
                     .champion_ns_per_row = champion.ns_per_row,
                     .challenger_ns_per_row = static_cast<double>(run().times().model_ns) /
                                              static_cast<double>(rows_.size()),
                     .batch = &job.batch,
                     .rows = ours_,
                     .row_numbers = job.row_numbers});
}

}  // namespace thalweg
