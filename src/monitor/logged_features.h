// What feature steps made of the predictions that are logged, kept from when a model answers until the log's line is written.
//
//   infer step, answers placed ─▶ scored(): JSON, by batch, stamp and row ─▶ InferenceLog: put() for each line, then forget()
//
// The columns of a step are reused as soon as its batch has left it, so what is wanted of them becomes JSON there; only of records that
// the log samples. Each version has its own features, so they stand beside it in the line. A feature is masked by its own name,
// features.NAME, and by that of each field that it is made of.
//
// A batch that is given up leaves what was kept of it behind, until its memory is used again: so what is found is believed only where it
// is of the same record and version. What features are depends on nothing else.
//
// One a worker, whose thread alone calls it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "thalweg/registry.h"

#include "model/score_observer.h"
#include "monitor/json_columns.h"

namespace thalweg::monitor {

// Among names of features: every one.
inline constexpr const char* all_features = "all";

struct LoggedFeaturesOptions {
  std::vector<std::string> names;
  std::vector<std::string> mask;
  double share = 0;  // of the log
};

class LoggedFeatures {
 public:
  // Of one line; more is left out. And of all lines of a batch.
  static constexpr std::size_t line_bytes_max = std::size_t{256} << 10;
  static constexpr std::size_t batch_bytes_max = std::size_t{16} << 20;
  // The grain of what was decoded: one row a record.
  static constexpr std::size_t records = 0;

  // `registry` outlives it.
  LoggedFeatures(LoggedFeaturesOptions options, const Registry& registry);
  ~LoggedFeatures();

  // Who is to be told of one step. Rows of the same `grain` are the same rows. It is this object's.
  [[nodiscard]] ScoreObserver& step(std::size_t grain);
  // The grain of the rows that are logged.
  void logged_at(std::size_t grain) noexcept { grain_ = grain; }

  // Appends what belongs into the stamp's entry in the line of `row`, with the comma in front:
  //
  //   ,"features":{"x":[0.5,1],"card":"***"}    the row's
  //   ,"features":[{…},{…}]                     where a record's rows have become one since: of each that this version was asked for
  //   ,"cut":true                               it does not fit in `room`, which is what is left of the line's
  //
  // Nothing where no step of that model makes a feature that is wanted.
  void put(const Batch& batch, std::size_t stamp, std::uint32_t row, std::size_t& room,
           std::string& out);
  void forget(const Batch& batch) noexcept;

 private:
  struct Step;
  struct Plan;
  struct Entry;
  struct Kept;
  struct Chosen;

  void take(const Scored& scored, Step& step);
  void choose_rows(const Scored& scored);
  [[nodiscard]] const Plan& plan_of(const Scored& scored, Step& step) const;
  [[nodiscard]] std::unique_ptr<Plan> make_plan(const Scored& scored) const;
  [[nodiscard]] bool masked(const Scored& scored, std::size_t feature) const;
  [[nodiscard]] Kept& kept_for(const Batch& batch, std::uint32_t first_stamp);
  [[nodiscard]] Kept* find(const Batch& batch) noexcept;

  const LoggedFeaturesOptions options_;
  const Registry& registry_;
  const bool all_;
  std::size_t grain_ = records;
  std::vector<std::unique_ptr<Step>> steps_;
  std::vector<std::unique_ptr<Kept>> kept_;  // by batch: as many as are under way at once
  std::vector<Chosen> chosen_;               // of one use
  Batch scratch_;                            // the features of the chosen rows
  std::string id_;                           // reused
};

}  // namespace thalweg::monitor
