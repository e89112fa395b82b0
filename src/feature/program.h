// A feature program: the expressions that turn a record's fields into a model's inputs.
//
// Bound once per model version (or per pipeline, for features in the pipeline file) and then const: all workers share it. Running it
// computes equal expressions once. Values it makes live in the caller's FeatureFrame, which is reused from batch to batch.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "thalweg/column.h"
#include "thalweg/ports.h"
#include "thalweg/registry.h"

#include "feature/support/step_memory.h"

namespace thalweg {

// The scratch of one worker for one program: intermediate columns, kept for reuse.
struct FeatureFrame {
  std::vector<Column> slots;
  // Set scratch.arena to the arena of the batch: strings that steps make then live as long as the batch.
  FeatureScratch scratch;

  // The program's own: where inputs and outputs of the steps are in this run, and for which program the slots are typed.
  std::vector<const Column*> pointers;
  std::vector<std::unique_ptr<feature::StepMemory>> memories;  // one per step; most have none
  std::uint64_t program = 0;
};

class FeatureProgram {
 public:
  // `features`: map of output name → expression. `available`: the columns it may read. `folder`: where its files are.
  // Errors name the line, and a misspelt field or step with a suggestion.
  static Result<std::shared_ptr<const FeatureProgram>> bind(const Node& features,
                                                            const Schema& available,
                                                            const std::string& folder,
                                                            const Registry& registry);
  virtual ~FeatureProgram() = default;

  // What it makes, in the order written.
  [[nodiscard]] virtual const Schema& outputs() const noexcept = 0;
  // Indexes into `available` of the columns it reads.
  [[nodiscard]] virtual std::span<const std::size_t> reads() const noexcept = 0;
  // Those that one output is made of, ascending.
  [[nodiscard]] virtual std::span<const std::size_t> reads_of(
      std::size_t output) const noexcept = 0;
  // May rows of different lengths share a call of the model, filled up to the longest of them? So if the output ends in `pad` without
  // a length, or if there is a `mask`: then the model was made to tell elements from filling. Otherwise its answers could depend
  // on which rows came together.
  [[nodiscard]] virtual bool padded(std::size_t output) const noexcept = 0;
  // Does a step make it? Else it is a field as it stands.
  [[nodiscard]] virtual bool computed(std::size_t output) const noexcept = 0;
  // Hash of the expressions and of every file they read, for the compatibility check. Hex.
  [[nodiscard]] virtual const std::string& content_hash() const noexcept = 0;
  // Computes all outputs for `rows` rows; `columns` are laid out as `available`. Returned pointers (one per output) are valid until
  // the next run on this frame or until `columns` change; an output that is a bare field is that column itself (no copy).
  // Refused rows are in frame.scratch.failures (row numbers 0..rows-1; a row may be there twice).
  // REQUIRES frame.scratch.arena, unless no step makes strings. One thread per frame.
  [[nodiscard]] virtual std::span<const Column* const> run(std::span<const Column> columns,
                                                           std::size_t rows,
                                                           FeatureFrame& frame) const = 0;
};

// assets.extra/features.yaml of a version: `inputs:` (fields with types) and `features:`.
struct FeatureFile {
  Schema inputs;
  Node features;
  std::string folder;
};
[[nodiscard]] Result<FeatureFile> read_feature_file(const std::string& path);

void register_feature_steps(Registry& registry);

}  // namespace thalweg
