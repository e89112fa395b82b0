// Makes a baseline of rows that a model is given on purpose: it hears what a worker's infer steps answer, and keeps a sample of what the
// model read and of what it said.
//
// Looks at one model. Of more rows than the sample holds each has the same chance to be in it.
//
// Threads: an observer as any other; `rows` and `baseline` on any.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/score_observer.h"
#include "monitor/baseline.h"
#include "monitor/drift_observer.h"

namespace thalweg::monitor {

class BaselineMaker final : public ScoreObserver {
 public:
  BaselineMaker(std::string model, std::size_t sample_rows);

  void scored(const Scored& scored) noexcept override;

  // Versions that answered; one, unless the pipeline has variants.
  [[nodiscard]] std::vector<std::int64_t> versions();
  [[nodiscard]] Baseline baseline();

 private:
  const std::string model_;
  DriftObserver observer_;  // which has no baseline yet, and so samples
};

}  // namespace thalweg::monitor
