// What is wanted of a model and how far its processes are, as one JSON object: HTTP and the command line show the same.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "control/board.h"

namespace thalweg::control {

struct StatusQuestion {
  std::string pipeline, model;
  DesiredModel file_state;
  std::chrono::nanoseconds now{0};  // monotonic
  std::chrono::nanoseconds alive{
      0};  // a process unheard of for longer does not count; 0: all count
};

// The process whose report it is has moved to what is wanted.
[[nodiscard]] bool serves(const ModelReport& report, const Wanted& wanted);
// Every live process serves the wanted epoch. False without any process.
[[nodiscard]] bool converged(const Board& board, const StatusQuestion& question);

// What the record of `model` says beside what the pipeline file says, as a sentence; empty: no record, or the same.
[[nodiscard]] std::string difference(std::string_view model, const Wanted& wanted,
                                     const DesiredModel& file_state);

// {"pipeline":…,"model":…,"source":"control"|"file","epoch":…,"state":{…},"file":{…},"by":…,"why":…,"at":…,
//  "before":{…}|null,"converged":…,"processes":[{"process":…,"host":…,"pid":…,"alive":…,"heard_s":…,"paused":…,"report":{…}}]}
[[nodiscard]] Node status_node(const Board& board, const StatusQuestion& question);

}  // namespace thalweg::control
