// The chain: one worker's own copy of the topology's stages, bound to each other.
//
//   intake (nulls, age, size) ─▶ decoder ─▶ step, step, … ─▶ outputs
//
// Built at start-up; that is where names, dtypes and shapes are checked against each other. Steps may be asynchronous, so the
// worker walks them one by one; everything else is done in the call.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "thalweg/ports.h"
#include "thalweg/registry.h"

#include "monitor/observers.h"
#include "run/outputs.h"

namespace thalweg {

enum class OnNull : std::uint8_t { dead, drop, forward };

// What happens to records before they are decoded.
struct Intake {
  OnNull on_null = OnNull::dead;
  std::optional<std::int64_t> max_age_ms;
  std::size_t value_bytes_max = std::size_t{16} << 20;
};

struct ChainStep {
  std::string kind;
  std::string name;
  std::unique_ptr<Operator> op;
};

struct Chain {
  Intake intake;
  std::unique_ptr<Decoder> decoder;
  // Of single steps, where the inference log wants what they make. The steps know them.
  std::vector<std::unique_ptr<monitor::Observers>> observers;
  std::vector<ChainStep> steps;
  OutputStage outputs;

  // The columns at the end.
  [[nodiscard]] const Schema& schema() const noexcept {
    return steps.empty() ? decoder->schema() : steps.back().op->schema();
  }
  // All that a field is called on its way, from the decoder on; a name comes again with each step that keeps it.
  [[nodiscard]] std::vector<std::string> columns() const;
  // Disposes of nulls and of what is too old or too large, then decodes the rest.
  void decode(Batch& batch, Timestamp now);
};

}  // namespace thalweg
