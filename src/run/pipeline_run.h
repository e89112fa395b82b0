// One pipeline that runs: its sink, its workers and their threads.
//
// build → start → (workers run) → request_stop → join. Where records come from and go to is given by Ports, so that the same engine
// serves Kafka, files and the test kit.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "thalweg/registry.h"

#include "config/pipeline.h"
#include "model/provider.h"
#include "run/log.h"
#include "run/metrics_page.h"
#include "run/model_watch.h"
#include "run/monitoring.h"
#include "run/process_id.h"
#include "run/watchdog.h"
#include "run/worker.h"

namespace thalweg {

struct Ports {
  std::function<Result<std::unique_ptr<Source>>(const PipelineFile& file, std::size_t worker)>
      source;
  std::function<Result<std::unique_ptr<Sink>>(const PipelineFile& file)> sink;
  // For exactly_once, one a worker. Empty: `sink` serves all, and what it is sent stays.
  std::function<Result<std::unique_ptr<Sink>>(const PipelineFile& file,
                                              const std::string& transactional_id)>
      transaction_sink{};
  // For what is written beside the outputs (side_topics.h), asked when there is such a thing. Empty: another one of `sink`.
  std::function<Result<std::unique_ptr<Sink>>(const PipelineFile& file)> side_sink{};
  // A run in earnest, which finds again what its predecessor left in `state_directory`.
  bool keeps_state = false;
};

class PipelineRun {
 public:
  // Loads and warms the models, builds a chain per worker, opens nothing. `registry`, `models`, `clock`, `log` and `observer` (who hears
  // of all workers, and may be null) outlive it.
  [[nodiscard]] static Result<std::unique_ptr<PipelineRun>> build(
      PipelineFile file, const Registry& registry, ModelProvider& models, const Clock& clock,
      Log& log, ScoreObserver* observer = nullptr);
  ~PipelineRun();  // stops and joins

  // Opens the sink (waiting for a broker that does not answer yet, unless stopped), then the workers, each on its thread.
  // `on_worker_end` is called from a worker's thread when it has ended, for whatever reason.
  [[nodiscard]] Status start(const Ports& ports, std::function<void()> on_worker_end);
  // Any thread, any time; also while start() waits.
  void request_stop() noexcept;
  // Any thread, any time: the workers take no more records, and go on being members of the group.
  void pause(bool yes) noexcept;
  [[nodiscard]] bool paused() const noexcept { return paused_.load(); }
  // Waits for the workers; the first failure, if any.
  [[nodiscard]] Status join();

  [[nodiscard]] const PipelineFile& file() const noexcept { return file_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const Chain& chain() const noexcept;
  [[nodiscard]] const std::vector<std::unique_ptr<Worker>>& workers() const noexcept {
    return workers_;
  }
  [[nodiscard]] PipelineView view() const;
  // What each version has done so far, over all workers. Any thread.
  [[nodiscard]] std::vector<VersionTotals> version_totals() const;
  [[nodiscard]] Peek& peek() noexcept { return *peek_; }
  // Once a second, from one thread: judges windows, sends events.
  void tick() { monitoring_.tick(clock_.now()); }
  [[nodiscard]] const Monitoring& monitoring() const noexcept { return monitoring_; }
  // start() has returned well: view() and workers() may be used while it runs.
  [[nodiscard]] bool started() const noexcept { return started_.load(); }
  // A worker stopped with an error; join() tells it.
  [[nodiscard]] bool failed() const noexcept;
  // Why it is not ready; empty: every worker is a member of the group.
  [[nodiscard]] std::string not_ready() const;
  // Why it is not alive; empty: every worker comes round, and no call hangs.
  [[nodiscard]] std::string not_live(const Watchdog& watchdog) const;
  [[nodiscard]] bool ended() const noexcept { return running_.load() == 0; }

  // For those who turn workers by hand (the test driver): like start, without threads.
  [[nodiscard]] Status open(const Ports& ports, bool by_hand = true);

 private:
  PipelineRun(PipelineFile file, const Registry& registry, ModelProvider& models,
              const Clock& clock, Log& log);
  [[nodiscard]] Status open_sinks(const Ports& ports);
  [[nodiscard]] Status open_side_topics(const Ports& ports);
  [[nodiscard]] Status open_sink(Sink& sink, std::span<const std::unique_ptr<Chain>> chains);
  [[nodiscard]] Status try_until_answered(std::string_view event,
                                          const std::function<Status()>& attempt);
  [[nodiscard]] Status add_workers(const Ports& ports);
  [[nodiscard]] WorkerOptions worker_options(std::size_t index) const;
  [[nodiscard]] Status open_journals(const Ports& ports);
  void run_worker(Worker& worker, std::size_t index);

  PipelineFile file_;
  std::string name_;
  ModelProvider& models_;
  const Clock& clock_;
  Log& log_;
  std::vector<std::unique_ptr<ModelWatch>> watches_;  // one a worker; the chains tell them
  Monitoring monitoring_;                             // outlives the chains, which tell it
  std::vector<std::unique_ptr<Chain>> chains_;        // until the workers take them
  std::optional<std::uint16_t> dead_letter_target_;
  std::shared_ptr<DeadShare> dead_share_;
  std::optional<ProcessId> process_id_;
  std::vector<std::shared_ptr<CrashJournal>>
      journals_;                              // one a worker, and more that are left; or none
  std::shared_ptr<Suspects> suspects_;        // of all of them
  std::vector<std::unique_ptr<Sink>> sinks_;  // one, or one a worker; destroyed after the workers
  std::mutex workers_mutex_;                  // workers_ is filled while request_stop may come
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::thread> threads_;
  bool by_hand_ = false;
  std::function<void()> on_worker_end_;
  std::atomic<bool> started_{false};
  std::atomic<std::size_t> running_{0};
  std::atomic<bool> stop_{false};
  std::atomic<bool> paused_{false};
  std::shared_ptr<Peek> peek_;
  std::mutex failure_mutex_;
  std::optional<Error> failure_;
};

}  // namespace thalweg
