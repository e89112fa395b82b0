// The process: several pipelines that share models, HTTP endpoint, signals and watchdog.
//
//   add (each pipeline: models loaded and warm, chain checked) → run (until stopped, ended or failed)
//
// Pipelines start side by side: one that waits for its broker holds up nobody. SIGTERM and SIGINT: stop draining, finish, commit,
// leave; a second one ends the process at once. One pipeline that fails, at its start or later, stops the process: a supervisor
// starts it again, and nobody runs half of what he thinks he runs.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

#include "thalweg/registry.h"

#include "model/models.h"
#include "run/clock.h"
#include "run/control_run.h"
#include "run/controlled_models.h"
#include "run/http.h"
#include "run/log.h"
#include "run/pipeline_run.h"
#include "run/stop_deadline.h"
#include "run/watchdog.h"

namespace thalweg {

// Every part that comes with Thalweg.
void register_builtins(Registry& registry);

[[nodiscard]] LogLevel log_level_of(const Values& pipeline);
[[nodiscard]] LogFormat log_format_of(const Values& pipeline);

class Process {
 public:
  // Both outlive the process.
  Process(const Registry& registry, Log& log);
  ~Process();

  // Before add: models follow what the control topic (or file) says while the pipeline runs, and people may change it over HTTP.
  void follow_control() noexcept { follows_control_ = true; }
  // Before run: when a stop takes longer than the longest shutdown_timeout and what committing and leaving the group may take, the operating
  // system's process ends, with exit_hung or exit_external. For programs that are nothing but this.
  void end_in_time();
  // Loads and warms the models of a pipeline and checks it. Blocks. `observer`: hears what its models answer, from all workers' threads;
  // outlives the process. Null: nobody more than usual.
  [[nodiscard]] Status add(PipelineFile file, ScoreObserver* observer = nullptr);
  // Kafka in, Kafka out.
  [[nodiscard]] Status run();
  // With other ends.
  [[nodiscard]] Status run(const Ports& ports);
  // Any thread; may come before run().
  void request_stop() noexcept;

  [[nodiscard]] const std::vector<std::unique_ptr<PipelineRun>>& pipelines() const noexcept {
    return pipelines_;
  }
  // Of each pipeline, in the order of pipelines(): to see and to change which versions serve.
  [[nodiscard]] const std::vector<std::unique_ptr<Models>>& models() const noexcept {
    return models_;
  }
  // All workers run.
  [[nodiscard]] bool started() const noexcept;

 private:
  [[nodiscard]] Status start_http();
  [[nodiscard]] HttpHandlers handlers();
  void start_pipelines(const Ports& ports);
  void start_pipeline(PipelineRun& pipeline, const Ports& ports);
  void failed(const PipelineRun& pipeline, Error error);
  [[nodiscard]] Status add_control(const PipelineFile& file, Models& models,
                                   std::shared_ptr<const StateCheck> check,
                                   control::StartFrom from);
  [[nodiscard]] Status add_from(const PipelineFile& file, ScoreObserver* observer,
                                control::StartFrom from);
  [[nodiscard]] Result<Node> peek(const std::string& pipeline, const std::string& step,
                                  std::size_t rows, const std::stop_token& stop);
  void start_controls();
  void say_models(const PipelineRun& pipeline);
  void follow_models(const PipelineRun& pipeline);
  void wait_for_end();
  void keep_memberships(const std::stop_token& stop);
  void watch_calls();
  void tick();
  void show_progress(std::uint64_t& last_records);
  // Of the pipelines that run: f(pipeline, worker).
  template <class F>
  void for_each_worker(F&& f) const {
    for (const auto& pipeline : pipelines_) {
      if (!pipeline->started()) continue;
      for (const auto& worker : pipeline->workers()) f(*pipeline, *worker);
    }
  }

  [[nodiscard]] std::chrono::milliseconds stop_time() const;

  const Registry& registry_;
  Log& log_;
  std::atomic<bool> in_call_{false};  // a step runs, as last looked at
  std::unique_ptr<StopDeadline>
      stop_deadline_;  // outlives all that may take time to end; null: no such bound
  SystemClock clock_;
  std::vector<std::unique_ptr<Models>>
      models_;  // one a pipeline; loaded versions are shared below them
  std::vector<std::unique_ptr<PipelineRun>> pipelines_;
  std::vector<std::unique_ptr<ControlRun>>
      controls_;  // of each pipeline, or null; empty without control
  std::unique_ptr<control::Api> api_;
  bool follows_control_ = false;
  std::unique_ptr<HttpServer> http_;
  Watchdog watchdog_{log_};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t starting_ = 0;             // pipelines whose start has not returned; mutex_
  std::optional<Error> failure_;         // the first one; mutex_
  PipelineRun* first_failed_ = nullptr;  // of those that ran
  std::vector<std::thread> starts_;
  std::stop_source stop_;
};

}  // namespace thalweg
