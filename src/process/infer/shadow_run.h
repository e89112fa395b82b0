// What a shadow's thread does with one job: features, calls, outputs, and whom it tells. Keeps its scratch memory from job to job.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "process/infer/infer_outputs.h"
#include "process/infer/shadow_lane.h"

namespace thalweg {

class ShadowRun {
 public:
  ShadowRun(Schema input, Schema outputs, std::vector<OutputPlan> plans)
      : input_(std::move(input)), outputs_(std::move(outputs)), plans_(std::move(plans)) {}

  // Features; then run() is ready to start.
  void begin(ShadowJob& job);
  [[nodiscard]] InferRun& run() noexcept { return use_.run(); }
  // After the run: outputs placed, observers told. `threw`: a call ended by an exception.
  void tell(ShadowJob& job, ScoreObserver& observer, bool threw);
  // Lets go of the version and of its outputs.
  void clear() noexcept { use_.clear(); }

 private:
  void place(ShadowJob& job);
  void compare(ShadowJob& job, const ShadowJob::Champion& champion, ScoreObserver& observer);
  [[nodiscard]] std::span<const Column> made(const ShadowJob& job) const {
    return std::span<const Column>(job.batch.rows().columns).subspan(input_.fields.size());
  }

  const Schema input_, outputs_;
  const std::vector<OutputPlan> plans_;
  ModelUse use_;
  std::vector<std::uint32_t> rows_;
  std::vector<std::uint32_t> answered_;
  std::vector<RowOrigin> origins_;
  std::vector<std::uint32_t> ours_, theirs_;  // rows of both that answer the same
  std::vector<Column> answers_, champion_answers_, challenger_answers_;
};

}  // namespace thalweg
