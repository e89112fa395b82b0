// Whether a new version does worse than the one before it, while it is on probation. Pure; one thread.
//
// A version is known by its number, where its files are, and their content: an address may bring another one of the same number, and a number
// may be published anew.
//
// A version is new from the moment the route begins to name it. It is held against the version that it took the place of: that of the
// variant's name, or, for a name that is new, the champion's. Both are judged by what they did in this process: the new one since
// it came, the one before since the process began. What serves when the process starts is not new, and neither is what a rollback
// brings back; what the folder brings after that is.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/version_totals.h"

namespace thalweg::control {

struct GuardLimits {
  std::optional<double> error_share;    // more than the version before by so much
  std::optional<double> nan_share;      // the same, of the answered rows
  std::optional<double> latency_ratio;  // of the 99th percentiles of a call
  std::uint64_t rows_min = 1000;  // of both versions; and guard_calls_min calls for the latency
  std::chrono::nanoseconds probation{0};

  [[nodiscard]] bool any() const noexcept { return error_share || nan_share || latency_ratio; }
};

// A call that has not returned for so long, and for longer than the latency guard allows, is enough.
inline constexpr std::chrono::seconds guard_hangs_after{10};
// A 99th percentile of fewer is the slowest of a few.
inline constexpr std::uint64_t guard_calls_min = 100;

// What a model's route names now.
struct NowServing {
  struct One {
    std::string variant;
    std::int64_t version = 0;
    std::chrono::nanoseconds call{0};  // how long its longest call under way has run
    std::string uri{};                 // the address that names it; "": none does
    std::string path{};                // of its files
    bool in_folder = true;             // of the model: its number means it
    std::string content{};             // ModelVersion::identity
    [[nodiscard]] bool same_version_as(const One& other) const noexcept {
      return version == other.version && path == other.path && content == other.content;
    }
  };
  std::int64_t epoch = -1;
  std::vector<One> variants;  // the champion first; empty: nothing serves
  bool rolled_back = false;   // the record of this epoch is a rollback
};

struct GuardVerdict {
  std::string variant;
  NowServing::One now;                // the one that does worse
  NowServing::One before;             // the one whose place it took
  std::optional<std::int64_t> epoch;  // of the record that brought it; none: the folder did
  std::string why;  // "version 5: 12 % of 2000 rows without an answer, version 4: 0.1 %; …"
};

class Guard {
 public:
  explicit Guard(GuardLimits limits) : limits_(limits) {}

  // `totals`: what each version has done so far, over all workers. REQUIRES that `now` does not go back. The same verdict comes again as
  // long as nobody acts on it.
  [[nodiscard]] std::optional<GuardVerdict> look(std::chrono::nanoseconds now,
                                                 const NowServing& serving,
                                                 const std::vector<VersionTotals>& totals);
  // Nothing is on probation: totals need not be gathered unless the route changes.
  [[nodiscard]] bool idle(const NowServing& serving) const;
  // The newcomer is no longer watched.
  void forget(const NowServing::One& version);

 private:
  struct Newcomer {
    NowServing::One now, before;
    std::optional<std::int64_t> epoch;
    VersionTotals at_begin;  // what it had done in an earlier life
    std::chrono::nanoseconds until{0};
  };
  void meet(std::chrono::nanoseconds now, const NowServing& serving,
            const std::vector<VersionTotals>& totals);
  [[nodiscard]] std::string judge(const Newcomer& newcomer, const NowServing& serving,
                                  const std::vector<VersionTotals>& totals) const;
  [[nodiscard]] std::string judge_call(const Newcomer& newcomer, const NowServing& serving,
                                       const VersionTotals& before) const;

  const GuardLimits limits_;
  bool seen_ = false;
  NowServing last_;
  std::vector<Newcomer> newcomers_;
};

}  // namespace thalweg::control
