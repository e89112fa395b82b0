// Makes what the control log says so: one for each pipeline of a process.
//
//   log ──▶ board ──▶ prepare (each process for itself) ──▶ heartbeat: prepared ──▶ all live ones are? ──▶ activate
//
// Nobody leads: every process reads the same log and draws the same conclusion. A process that is the only one moves at once; one that
// sees another one serve an epoch follows it. One that starts amid a change begins with what the others serve still, and moves with them. Who lives is counted from the moment the process last heard its own heartbeat come
// back, so that after an outage of the brokers nobody takes the others for dead.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "thalweg/ports.h"

#include "control/controlled_model.h"
#include "control/desk.h"
#include "control/status.h"

namespace thalweg::control {

struct ControlNews {
  enum class Level : std::uint8_t { info, warning, error };
  Level level = Level::info;
  std::string event;  // "control.active": a stable name
  std::string text;
};

struct ControllerOptions {
  std::string pipeline;
  std::string process;  // an id of its own at each start
  std::string host;
  std::int64_t pid = 0;
  std::chrono::milliseconds alive{10000};  // a process unheard of for longer is taken for dead
  double ready_share = 1.0;                // of the live processes, before routes move
  std::function<void(const ControlNews&)> news = [](const ControlNews&) {};
  // The pipeline is to rest, or to go on.
  std::function<void(bool)> on_pause = [](bool) {};
  // The A/B tests under way, by model, as JSON (ModelReport::ab). Any thread.
  std::function<std::map<std::string, std::string>()> ab = [] {
    return std::map<std::string, std::string>();
  };
  // Called in each round, on the controller's thread: the guards.
  std::function<void()> each_round = [] {};
};

// What a start follows: the record; or, when no pipeline could be built with that, the state before it; or else the pipeline file alone.
enum class StartFrom : std::uint8_t { record, before, file };

struct ControlCounts {
  std::uint64_t records_broken = 0;
  std::uint64_t failures = 0;  // of reading the log, of activating
  std::int64_t processes = 0;  // alive, this one included
};

class Controller {
 public:
  // All outlive it.
  Controller(ControllerOptions options, Desk& desk, std::vector<ControlledModel*> models,
             const Clock& clock);
  ~Controller();  // stops

  // Everything written so far is read (REQUIRES that the log is open); each model is loaded as wanted. A record that cannot be
  // followed is told, and the state before it, or else the pipeline file's, serves. Blocks. Errors: those of the log, and of the
  // file's own versions.
  // From another state than the record's the record stays wanted, and is told in the first round. So is a start amid a change.
  [[nodiscard]] Status begin(StartFrom from = StartFrom::record);
  // Some model began with another state than the pipeline file's.
  [[nodiscard]] bool began_with_record() const noexcept { return began_with_record_; }
  // A thread that follows the log.
  void start();
  void stop();
  // One round without the thread; tests turn it. True: something came.
  bool turn(std::chrono::milliseconds at_most = {});
  // Something changed in this process. Any thread.
  void wake();

  [[nodiscard]] Desk& desk() noexcept { return desk_; }
  [[nodiscard]] const std::vector<ControlledModel*>& models() const noexcept { return models_; }
  [[nodiscard]] ControlledModel* model(std::string_view name) const;
  [[nodiscard]] StatusQuestion question(const ControlledModel& model) const;
  // Without the figures of its A/B test.
  [[nodiscard]] ModelReport report(const ControlledModel& model) const;
  [[nodiscard]] ControlCounts counts() const;
  // The differences from the pipeline file, a sentence each; for the log.
  [[nodiscard]] std::vector<std::string> differences() const;
  // The log cannot be read or written since; empty: all is well.
  [[nodiscard]] std::string trouble() const;
  [[nodiscard]] const ControllerOptions& options() const noexcept { return options_; }

 private:
  struct Told {
    std::int64_t epoch = -1;
    std::string refused;  // by prepare() itself
    bool refusal_said = false;
    std::string failure;      // of activate(), said already
    bool activating = false;  // asked to serve it, and it does not yet
  };
  [[nodiscard]] Status begin_model(ControlledModel& model, StartFrom from);
  [[nodiscard]] Status begin_below_record(ControlledModel& model, const Wanted& wanted,
                                          StartFrom from);
  [[nodiscard]] Status begin_at(ControlledModel& model, const Before& state);
  [[nodiscard]] bool begin_with_the_others(ControlledModel& model, const Wanted& wanted);
  [[nodiscard]] std::optional<Before> served_by_others(const ControlledModel& model,
                                                       const Wanted& wanted) const;
  void steer(ControlledModel& model);
  void tell(ControlledModel& model, const Wanted& wanted);
  [[nodiscard]] bool everybody_ready(const ControlledModel& model, const Wanted& wanted);
  [[nodiscard]] std::optional<std::chrono::nanoseconds> living_since(const Board& board) const;
  bool activating(const ControlledModel& model, bool yes);
  void beat();
  void clear_away();
  [[nodiscard]] bool post(const std::string& key, const std::optional<std::string>& value);
  void run();
  void say(ControlNews::Level level, const char* event, std::string text) const;
  void broken(const Error& error);

  const ControllerOptions options_;
  Desk& desk_;
  const std::vector<ControlledModel*> models_;
  const Clock& clock_;
  mutable std::mutex told_mutex_;
  std::map<std::string, Told> told_;  // told_mutex_
  std::string trouble_;               // told_mutex_
  Heartbeat last_beat_;
  std::map<std::string, std::string> ab_;  // as told last
  std::optional<std::chrono::nanoseconds> beat_at_;
  bool unwritable_ = false;  // the last post failed
  bool paused_ = false;
  bool began_with_record_ = false;
  std::atomic<std::uint64_t> failures_{0};
  std::mutex wake_mutex_;
  std::condition_variable waken_;
  bool awake_ = false, stop_ = false;  // wake_mutex_
  std::thread thread_;
};

}  // namespace thalweg::control
