// A feature step that remembers from batch to batch, to be faster: what it remembers lies in the frame of the worker.
#pragma once

#include <memory>

#include "thalweg/ports.h"

namespace thalweg::feature {

// Belongs to one frame and one step, and is used by one thread.
struct StepMemory {
  StepMemory() = default;
  StepMemory(const StepMemory&) = delete;
  StepMemory& operator=(const StepMemory&) = delete;
  virtual ~StepMemory() = default;
};

// Const and shared by all workers as every step. What it remembers must not change a result.
class RememberingStep : public FeatureStep {
 public:
  [[nodiscard]] virtual std::unique_ptr<StepMemory> make_memory() const = 0;
  virtual void apply(std::span<const Column* const> inputs, std::size_t rows, Column& out,
                     FeatureScratch& scratch, StepMemory& memory) const = 0;

  void apply(std::span<const Column* const> inputs, std::size_t rows, Column& out,
             FeatureScratch& scratch) const final {
    apply(inputs, rows, out, scratch, *make_memory());
  }
};

}  // namespace thalweg::feature
