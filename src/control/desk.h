// Where changes are written: reads to the end, looks whether somebody was faster, appends, and keeps the history.
//
// The last writer wins, so two at once cannot be kept apart; but whoever read an older state than he replaced is told, and whoever
// names the epoch he has read is refused when another one is there. Used by the HTTP API, by the guards, and by the command line with a
// log of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "thalweg/ports.h"

#include "control/board.h"
#include "control/log.h"
#include "control/record.h"

namespace thalweg::control {

struct ChangeRequest {
  std::string pipeline, model;
  std::string action;  // "route"
  std::string by, why;
  std::optional<std::int64_t> if_epoch;  // refused if another one is current
  bool dry_run = false;
  // What the pipeline file says, for a model without a record.
  DesiredModel file_state;
  // From the current state to the next; nullopt: back to the pipeline file.
  std::function<Result<std::optional<DesiredModel>>(const DesiredModel& now, const Wanted& wanted)>
      change;
};

struct Changed {
  std::int64_t from_epoch = -1;
  std::int64_t epoch = -1;  // of the new record; from_epoch when nothing was written
  DesiredModel from, to;
  bool reset = false;
  bool written = false;  // false: a dry run, or nothing changed
  std::string warning;   // somebody was faster, or the history could not be written
};

class Desk {
 public:
  // Both outlive it. `board` is told everything that is read here, under `mutex`.
  Desk(ControlLog& log, const Clock& clock) : log_(log), clock_(clock) {}

  // Everything there is. Blocks. `told`: what is wrong with a record.
  [[nodiscard]] Status refresh(const std::function<void(const Error&)>& told = {});
  // As refresh, but what has come since, waiting so long at most. True: something came.
  [[nodiscard]] Result<bool> follow(std::chrono::milliseconds at_most,
                                    const std::function<void(const Error&)>& told);
  // Errors: config_invalid (what the change says; another epoch), and those of the log. Blocks.
  [[nodiscard]] Result<Changed> change(const ChangeRequest& request);
  // Stop and go of a pipeline in all its processes. Done, with a sentence about what is not well (its line in the history is not
  // written), or empty. Errors: those of the log; then nothing is paused.
  [[nodiscard]] Result<std::string> pause(const std::string& pipeline, bool yes,
                                          const std::string& by, const std::string& why);

  // A copy of a part of the board.
  template <class F>
  [[nodiscard]] auto look(const F& f) const {
    const std::lock_guard lock(board_mutex_);
    return f(board_);
  }
  [[nodiscard]] ControlLog& log() noexcept { return log_; }

 private:
  void take(const std::vector<LogEntry>& entries, const std::function<void(const Error&)>& told);
  [[nodiscard]] std::string audit(const ChangeRequest& request, const Changed& changed);

  ControlLog& log_;
  const Clock& clock_;
  std::mutex reading_;              // one reader of the log at a time
  mutable std::mutex board_mutex_;  // taken after reading_
  Board board_;                     // board_mutex_
};

}  // namespace thalweg::control
