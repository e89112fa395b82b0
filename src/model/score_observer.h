// Who watches what models answer: meters, drift, comparison, the samples that `peek` shows. The infer step tells him once for each use of a version in a
// batch, after the answers were placed; he never changes them.
//
// One observer a worker, called on that worker's thread only (a shadow's answers are told on the shadow's thread, to an observer of its
// own). Must not block, throw, or allocate per row.
#pragma once

#include <cstdint>
#include <span>

#include "thalweg/batch.h"
#include "thalweg/column.h"

#include "model/provider.h"

namespace thalweg {

enum class Role : std::uint8_t { variant, fallback, shadow };

// Views hold during the call only.
struct Scored {
  const Batch& batch;
  const Schema& schema;                 // of `columns`
  std::span<const Column> columns;      // as they reached the step, all rows of the batch
  std::span<const std::uint32_t> rows;  // of the batch, ascending: those this version was asked for
  const Schema& output_schema;          // of `outputs`
  std::span<const Column> outputs;      // one row for each of `answered`
  std::span<const std::uint32_t>
      answered;  // the rows of `rows` that got an answer; the others failed
  std::span<const std::uint32_t>
      reads;  // indexes into `columns` of the fields that the version reads
  const Route& route;
  const Variant* variant = nullptr;  // null for fallback and shadow
  const ModelVersion& version;
  Role role = Role::variant;
  std::int64_t model_ns = 0;  // in the model, of all calls of this use
  std::uint32_t model_calls = 0;
  bool failed = false;  // all of it, by an error that is not the rows' fault
};

class ScoreObserver {
 public:
  virtual ~ScoreObserver() = default;
  virtual void scored(const Scored& scored) noexcept = 0;
};

}  // namespace thalweg
