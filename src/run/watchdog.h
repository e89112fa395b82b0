// Looks at workers from outside: a call that does not return, a worker that does not come round any more.
//
// A native call cannot be cancelled. Past `report_after` it is reported, again each time it has taken twice as long, and /livez
// answers 503; past `exit_after` the process is to end without committing it. Time in which the whole process was stopped does not count: the
// call, and the worker, had none of it.
#pragma once

#include <chrono>
#include <map>
#include <string>

#include "config/pipeline.h"
#include "run/log.h"
#include "run/stopped_time.h"
#include "run/worker_metrics.h"

namespace thalweg {

struct WatchdogLimits {
  std::chrono::nanoseconds report_after;
  std::chrono::nanoseconds exit_after;
};
[[nodiscard]] WatchdogLimits watchdog_limits(const PipelineFile& file);

// `now` is monotonic.
class Watchdog {
 public:
  explicit Watchdog(Log& log) : log_(log) {}
  // True: a call has run past exit_after, which was logged, and the process should end. One thread, once a second.
  [[nodiscard]] bool look(const std::string& pipeline, const WorkerMetrics& worker,
                          const WatchdogLimits& limits, std::chrono::nanoseconds now);
  // Why the worker is not alive; empty: it is, or it does not run. Any thread.
  [[nodiscard]] std::string not_alive(const WorkerMetrics& worker, const WatchdogLimits& limits,
                                      std::chrono::nanoseconds now) const;

 private:
  [[nodiscard]] std::chrono::nanoseconds since(const std::atomic<std::int64_t>& began_ns,
                                               std::chrono::nanoseconds now) const;

  Log& log_;
  StoppedTime stopped_;
  // Of a worker's present call.
  struct Seen {
    std::int64_t began_ns = 0;
    std::chrono::nanoseconds reported{0};  // how long it had run when it was last reported
  };
  std::map<const WorkerMetrics*, Seen> seen_;
};

}  // namespace thalweg
