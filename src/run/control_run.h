// The control of one pipeline in a process: its log, its desk, its controller, put together from the pipeline file.
//
//   control.topic set        → a topic that several processes follow
//   else state_directory set → a file
//   else                     → memory: what the HTTP API changes is gone with the process
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "config/pipeline.h"
#include "control/controller.h"
#include "control/guards.h"
#include "kafka/log.h"
#include "run/log.h"
#include "run/metrics_page.h"

namespace thalweg {

// Creating: the topic may be made although `create_topics` does not say so (for a person's own command); leaving: it is not made
// although `create_topics` does (for who only looks).
enum class ControlTopics : std::uint8_t { as_configured, create, leave };

// Not opened. Null: neither a topic nor a directory. Errors: config_invalid.
[[nodiscard]] Result<std::unique_ptr<control::ControlLog>> control_log_of(
    const PipelineFile& file, ControlTopics topics, kafka::LogSink log = {},
    const std::stop_token& stop = {},
    std::chrono::milliseconds timeout = std::chrono::seconds(10));  // of each question

class ControlRun {
 public:
  // `clock` and `log` outlive it.
  [[nodiscard]] static Result<std::unique_ptr<ControlRun>> make(
      const PipelineFile& file, std::vector<std::unique_ptr<control::ControlledModel>> models,
      const Clock& clock, Log& log, const std::stop_token& stop);
  ~ControlRun();

  // Reads the log to its end, waiting for a broker that does not answer yet, and loads each model as wanted. Blocks.
  [[nodiscard]] Status begin(control::StartFrom from = control::StartFrom::record);
  // The A/B tests that processes tell of (ControllerOptions::ab). Before anybody may ask.
  void tell_ab(std::function<std::map<std::string, std::string>()> ab) { ab_ = std::move(ab); }
  // Before start(): new versions of these are watched. Nothing where the list is empty.
  void guard(std::vector<control::GuardedModel> models, control::Guards::Totals totals);
  // From now on it is followed. `on_pause`: any thread.
  void start(std::function<void(bool)> on_pause);
  void stop();

  [[nodiscard]] control::Controller& controller() noexcept { return *controller_; }
  [[nodiscard]] ControlView view() const;

 private:
  ControlRun(const Clock& clock, Log& log, std::stop_token stop)
      : clock_(clock), log_(log), stop_(std::move(stop)) {}

  const Clock& clock_;
  Log& log_;
  const std::stop_token stop_;
  std::vector<std::unique_ptr<control::ControlledModel>> models_;
  std::unique_ptr<control::ControlLog> entries_;
  std::unique_ptr<control::Desk> desk_;
  std::function<void(bool)> on_pause_ = [](bool) {};
  std::function<std::map<std::string, std::string>()> ab_;
  std::unique_ptr<control::Guards> guards_;
  std::unique_ptr<control::Controller> controller_;
};

}  // namespace thalweg
