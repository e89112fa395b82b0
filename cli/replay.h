// A whole pipeline that answers given records once more, with the models that it is given: what each row's score is, which records die, and
// what it costs. Nothing is written and nothing is committed. One thread, that of the caller.
//
//   auto replay = Replay::make(file, std::move(models), {.model = "fraud"});
//   auto outcome = (*replay)->run(records);        // in the order given; offsets of a partition ascend
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "thalweg/registry.h"

#include "cli/replay_ends.h"
#include "config/pipeline.h"
#include "model/provider.h"

namespace thalweg::cli {

// Strips what history has no use for: shadow, drift, inference log, HTTP, the age and error rules that would stop or drop. Errors: config_invalid.
[[nodiscard]] Result<PipelineFile> for_replay(const PipelineFile& file);

struct ReplayOptions {
  std::string model;  // whose answers are collected
  std::string score;  // the output; "": the first that is one number a row
};

struct RowAnswer {
  std::uint32_t row = 0;  // of its record
  bool only = true;       // the record has no other
  bool single = false;    // a float32
  double score = 0;       // NaN where the output is no number
  std::int64_t version = 0;
  std::string variant;
};

struct RecordOutcome {
  std::vector<RowAnswer> answers;   // by row; of those rows that were answered
  std::optional<std::string> dead;  // the code
};

struct ReplayTotals {
  std::uint64_t records = 0, dead = 0, rows = 0, answered = 0, not_numbers = 0, calls = 0;
  std::int64_t model_ns = 0;
  std::map<std::string, std::uint64_t> dead_by_code;
  std::map<std::int64_t, std::uint64_t> rows_by_version;
  [[nodiscard]] double us_per_row() const noexcept {
    return rows == 0 ? 0 : static_cast<double>(model_ns) / 1000 / static_cast<double>(rows);
  }
};

class Replay {
 public:
  // `file`: of for_replay. Loads what it needs. Errors: config_invalid (also an output that `score` does not find), those of the models.
  [[nodiscard]] static Result<std::unique_ptr<Replay>> make(PipelineFile file,
                                                            std::unique_ptr<ModelProvider> models,
                                                            const Registry& registry,
                                                            ReplayOptions options);
  ~Replay();

  // One outcome a record. The records live until it returns. Errors: those that stop a pipeline.
  [[nodiscard]] Result<std::vector<RecordOutcome>> run(
      std::span<const ReplayRecord* const> records);
  [[nodiscard]] const ReplayTotals& totals() const noexcept;
  [[nodiscard]] ModelProvider& models() noexcept;

 private:
  struct Impl;
  explicit Replay(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace thalweg::cli
