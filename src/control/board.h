// What the log says, folded up: the last good record of each model, who is alive, which pipelines rest. Pure; one thread.
//
// A record that cannot be read is counted and said, and the state before it stays.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/heartbeat.h"
#include "control/log.h"
#include "control/record.h"

namespace thalweg::control {

struct Wanted {
  std::int64_t epoch = -1;              // of the record or tombstone; -1: never was any
  std::optional<ControlRecord> record;  // none: the pipeline file's
  std::int64_t last = -1;               // of whatever was written last, broken ones included
  std::int64_t replaced = -1;           // what `epoch` took the place of
};

// A state that is not wanted any more.
struct Passed {
  std::int64_t epoch = -1;
  std::optional<DesiredModel> state;  // none: the pipeline file's
};

struct ProcessWord {
  Heartbeat heartbeat;
  std::chrono::nanoseconds heard{0};  // monotonic
};

class Board {
 public:
  // `monotonic` and `now_ms`: of this moment, on this machine. Returns what is wrong with the entry, if anything is.
  std::optional<Error> take(const LogEntry& entry, std::chrono::nanoseconds monotonic,
                            std::int64_t now_ms);

  [[nodiscard]] Wanted model(std::string_view pipeline, std::string_view model) const;
  // The epoch that the record at `epoch` replaced, as the log has it; -1: none, or it is not known any more.
  [[nodiscard]] std::int64_t replaced(std::string_view pipeline, std::string_view model,
                                      std::int64_t epoch) const;
  // The state of an epoch before the one in force, as far as the log still had it and it is one of the last few; a process may serve it yet.
  [[nodiscard]] std::optional<Passed> passed(std::string_view pipeline, std::string_view model,
                                             std::int64_t epoch) const;
  // By process id.
  [[nodiscard]] const std::map<std::string, ProcessWord>& processes(
      std::string_view pipeline) const;
  [[nodiscard]] bool paused(std::string_view pipeline) const;
  [[nodiscard]] std::int64_t end() const noexcept { return end_; }  // the next offset
  [[nodiscard]] std::uint64_t broken() const noexcept { return broken_; }

 private:
  std::optional<Error> take_process(const LogEntry& entry, const std::string& pipeline,
                                    const std::string& process, std::chrono::nanoseconds heard);

  void remember(const std::string& key, Passed passed);

  std::map<std::string, Wanted, std::less<>> models_;
  std::map<std::string, std::deque<Passed>, std::less<>> passed_;  // oldest first
  std::map<std::string, std::map<std::string, ProcessWord>, std::less<>> processes_;
  std::map<std::string, bool, std::less<>> paused_;
  std::int64_t end_ = 0;
  std::uint64_t broken_ = 0;
};

// `~pause/tweets`: with a value the pipeline rests in all its processes.
[[nodiscard]] std::string pause_key(std::string_view pipeline);

}  // namespace thalweg::control
