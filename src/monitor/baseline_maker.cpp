#include "monitor/baseline_maker.h"

#include <algorithm>

namespace thalweg::monitor {
namespace {

DriftOptions sampling(std::size_t rows) {
  DriftOptions options;
  options.first_rows = rows;
  return options;
}

}  // namespace

BaselineMaker::BaselineMaker(std::string model, std::size_t sample_rows)
    : model_(std::move(model)), observer_(sampling(sample_rows)) {}

// A fallback's rows are those that another model refused: no fair sample of what this one is for.
void BaselineMaker::scored(const Scored& scored) noexcept {
  if (scored.role == Role::variant && scored.version.model == model_) observer_.scored(scored);
}

std::vector<std::int64_t> BaselineMaker::versions() {
  std::vector<std::int64_t> all;
  observer_.with_watches([&](const auto& watches) {
    for (const auto& watch : watches) {
      if (watch->rows > 0 && std::find(all.begin(), all.end(), watch->number) == all.end())
        all.push_back(watch->number);
    }
  });
  return all;
}

Baseline BaselineMaker::baseline() {
  std::vector<FieldSample> samples;
  observer_.with_watches([&](const auto& watches) {
    for (const auto& watch : watches) {
      for (const WatchedField& field : watch->fields) samples.push_back(field.sample);
    }
  });
  return baseline_of(samples);
}

}  // namespace thalweg::monitor
