// The guards of a pipeline's models: what they find is written as a control record, as a person would write it.
//
//   route, totals ──▶ Guard (one a model) ──▶ verdict ──▶ desk: "rollback" by "guard", if nobody has asked for another version meanwhile
//
// Several processes may find the same; the first one's record is read by the others. All functions, where nothing else is said: the controller's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/controller.h"
#include "control/guard.h"

namespace thalweg::control {

struct GuardedModel {
  ControlledModel* model = nullptr;  // outlives the guards
  GuardLimits limits;
  // What its route names, without `rolled_back`, which the log knows.
  std::function<NowServing()> serving;
};

class Guards {
 public:
  using Totals = std::function<std::vector<VersionTotals>()>;

  // `desk` and `clock` outlive it. `totals`: of all models of the pipeline; asked for while something is on probation only.
  Guards(std::string pipeline, Desk& desk, const Clock& clock, std::vector<GuardedModel> models,
         Totals totals, std::function<void(const ControlNews&)> news);

  // Looks once. Blocks while a record is written.
  void round();
  // How often a record of this process has taken this model back: written, and followed here. Any thread.
  [[nodiscard]] std::uint64_t rollbacks(std::string_view model) const;

 private:
  struct One {
    GuardedModel guarded;
    Guard guard;
    std::string trouble;                  // said already
    std::optional<std::int64_t> written;  // the epoch of a rollback that is not followed yet
  };
  void look(One& one);
  void count_followed(One& one, std::int64_t epoch);
  void roll_back(One& one, const GuardVerdict& verdict, const NowServing& serving,
                 const Wanted& wanted);

  const std::string pipeline_;
  Desk& desk_;
  const Clock& clock_;
  std::vector<One> models_;
  const Totals totals_;
  const std::function<void(const ControlNews&)> news_;
  mutable std::mutex mutex_;
  std::map<std::string, std::uint64_t, std::less<>> rollbacks_;  // mutex_
};

}  // namespace thalweg::control
