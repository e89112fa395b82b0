// A thread for a shadow: the challenger sees the rows that the champion answered, and nothing it does comes back to them.
//
//   worker ─▶ begin ─▶ (copies rows) ─▶ submit ─▶ queue of a few jobs ─▶ features, calls ─▶ observers ─▶ the job is free again
//                └── nullptr: the queue is full, or the version is disabled: these rows are lost to the shadow
//
// The thread gets a share of one core, by its own CPU clock, and only time that nobody else wants. A call cannot be cancelled: one that does not come back (call_watch.h) is
// left behind with its thread and all it uses, and its version is disabled. What ends the process cannot be held off by a thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "thalweg/batch.h"

#include "model/score_observer.h"
#include "process/infer/model_use.h"

namespace thalweg {

// Rows for the challenger, with copies of all that is needed: nothing in it belongs to the batch it came from.
struct ShadowJob {
  // What one variant said to some of the rows.
  struct Champion {
    const Variant* variant = nullptr;  // of `route`
    std::vector<std::uint32_t> rows;   // of `batch`, ascending
    std::vector<Column> outputs;       // one row for each of them
    double ns_per_row = 0;
  };
  Batch batch;  // records without values and headers; the columns that are read
  std::shared_ptr<const Route>
      route;  // bare_route(): a call that hangs keeps no champion in memory
  BoundVersion bound;
  std::vector<Champion> champions;  // the first `champion_count` are in use
  std::size_t champion_count = 0;
  std::vector<std::uint32_t> row_numbers;  // as Compared's
};

// A route whose versions have their names and numbers and nothing that was loaded.
[[nodiscard]] std::shared_ptr<const Route> bare_route(const Route& route);

struct ShadowOptions {
  std::size_t jobs_max = 4;
  std::chrono::nanoseconds hang_after = std::chrono::seconds(10);
};

// All functions: the worker's thread.
class ShadowLane {
 public:
  // `owner`: those with the same one share the CPU that a route allows. `observer` outlives it and is told on the shadow's thread.
  ShadowLane(Schema input, Schema outputs, std::vector<OutputPlan> plans, ScoreObserver& observer,
             const void* owner, ShadowOptions options = {});
  // Waits a little for a call under way, then leaves it behind.
  ~ShadowLane();

  // What hangs since the last look: its version is disabled from now on, in the whole process.
  struct Abandoned {
    std::shared_ptr<const ModelVersion> version;
    std::size_t rows = 0;  // with those that were waiting behind it
    Error why;
  };
  [[nodiscard]] std::optional<Abandoned> look();
  // An empty job for this version; null: `why`. It must be submitted or given back.
  [[nodiscard]] ShadowJob* begin(const std::shared_ptr<const ModelVersion>& challenger,
                                 ShadowLoss& why);
  void submit(ShadowJob& job);
  void give_back(ShadowJob& job);
  // It does not fit: it sees no more rows here.
  void disable(const std::shared_ptr<const ModelVersion>& version);

  // For tests: everything submitted has been told.
  void wait_until_idle();

 private:
  struct State;
  void start();
  [[nodiscard]] bool disabled(const std::shared_ptr<const ModelVersion>& version);

  const Schema input_, outputs_;
  const std::vector<OutputPlan> plans_;
  ScoreObserver& observer_;
  const ShadowOptions options_;
  const std::shared_ptr<std::atomic<int>> sharers_;
  std::vector<std::weak_ptr<const ModelVersion>> disabled_;
  // What HungVersions said last, and of which version.
  std::weak_ptr<const ModelVersion> asked_for_;
  std::uint64_t asked_at_ = UINT64_MAX;
  bool hung_ = false;
  std::shared_ptr<State> state_;  // also the thread's, which may be left behind with it
  std::thread thread_;
};

}  // namespace thalweg
