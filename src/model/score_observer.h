// Who watches what models answer: meters, drift, comparison, the samples that `peek` shows. The infer step tells him once for each use of a version in a
// batch, after the answers were placed; he never changes them.
//
// One observer a worker, called on that worker's thread only. What a shadow answers is told on the shadow's thread, to the observer that
// on_shadow() names. Must not block, throw, or allocate per row.
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
  const Batch&
      batch;  // a shadow's is its own: records without values, and only the columns that it reads
  const Schema& schema;                 // of `columns`
  std::span<const Column> columns;      // as they reached the step, all rows of the batch
  std::span<const std::uint32_t> rows;  // of the batch, ascending: those this version was asked for
  const Schema& output_schema;          // of `outputs`
  std::span<const Column> outputs;      // one row for each of `answered`
  std::span<const std::uint32_t>
      answered;  // the rows of `rows` that got an answer; the others failed
  std::span<const std::uint32_t>
      reads;                         // indexes into `columns` of the fields that the version reads
  const Route& route;                // a shadow's: its versions have their names and numbers only
  const Variant* variant = nullptr;  // null for fallback and shadow
  std::span<const std::uint32_t>
      buckets{};  // by row of the batch, what decided who answers it; empty: nothing was to decide
  const ModelVersion& version;
  Role role = Role::variant;
  std::int64_t model_ns = 0;  // in the model, of all calls of this use
  std::uint32_t model_calls = 0;
  bool failed = false;  // all of it, by an error that is not the rows' fault
  // What feature steps made for the model: a column for each field of the schema, null where a field is taken as it stands. Null and
  // empty: the version has no features.
  const Schema* feature_schema = nullptr;
  std::span<const Column* const> features{};
  std::span<const std::uint32_t>
      feature_rows{};  // of these columns, in any order: those that no step refused
  const FeatureProgram* program = nullptr;  // that made them, of the fields of `schema`
};

// What one variant and the shadow said to the same rows. Views hold during the call only.
struct Compared {
  const Route& route;
  const Variant& variant;  // who answered
  const ModelVersion&
      champion;  // what names it only, no model: a shadow keeps no champion in memory
  const ModelVersion& challenger;
  const Schema& output_schema;
  // Row i of the one and row i of the other answer the same row. Rows that either refused are in neither.
  std::span<const Column> champion_outputs;
  std::span<const Column> challenger_outputs;
  // In the model for a row, each in its own calls.
  double champion_ns_per_row = 0;
  double challenger_ns_per_row = 0;
  // Which rows these are: of the shadow's own batch, whose records have key and time and no value.
  const Batch* batch = nullptr;
  std::span<const std::uint32_t> rows{};
  // For each row of the batch its place among the rows that its record has in the pipeline; only_row: it has but one.
  std::span<const std::uint32_t> row_numbers{};
  static constexpr std::uint32_t only_row = UINT32_MAX;
};

// Why rows did not reach the shadow.
enum class ShadowLoss : std::uint8_t {
  busy,      // its queue is full
  lagging,   // the pipeline has more waiting than it takes at once
  disabled,  // it hung once, or does not fit
};

class ScoreObserver {
 public:
  virtual ~ScoreObserver() = default;
  virtual void scored(const Scored& scored) noexcept = 0;
  // On the shadow's thread, after its own `scored`.
  virtual void compared(const Compared& compared) noexcept { (void)compared; }
  // On the worker's thread.
  virtual void shadow_lost(const ModelVersion& shadow, std::size_t rows, ShadowLoss why) noexcept {
    (void)shadow, (void)rows, (void)why;
  }
  // On the worker's thread, once: this version sees no more rows in this step.
  virtual void shadow_disabled(const ModelVersion& shadow, const Error& why) noexcept {
    (void)shadow, (void)why;
  }
  // Has the worker more waiting than it takes at once? Then a shadow is given nothing. On the worker's thread.
  [[nodiscard]] virtual bool lagging() const noexcept { return false; }
  // Who is told on the shadow's thread. Asked once, when the step is built. Null: nobody. Lives as long as this one.
  [[nodiscard]] virtual ScoreObserver* on_shadow() noexcept { return nullptr; }
};

}  // namespace thalweg
