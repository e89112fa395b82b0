// Looks at workers from outside: a call that does not return, a worker that does not come round any more.
//
// A native call cannot be cancelled. Past `report_after` it is reported, again each time it has taken twice as long, and /livez
// answers 503; past `exit_after` the process is to end without committing it.
#pragma once

#include <chrono>
#include <map>
#include <string>

#include "config/pipeline.h"
#include "run/log.h"
#include "run/worker_metrics.h"

namespace thalweg {

struct WatchdogLimits {
  std::chrono::nanoseconds report_after;
  std::chrono::nanoseconds exit_after;
};
[[nodiscard]] WatchdogLimits watchdog_limits(const PipelineFile& file);

// Why the worker is not alive; empty: it is, or it does not run. `now` is monotonic. Any thread.
[[nodiscard]] std::string not_alive(const WorkerMetrics& worker, const WatchdogLimits& limits,
                                    std::chrono::nanoseconds now);

// What was reported already. One thread.
class Watchdog {
 public:
  explicit Watchdog(Log& log) : log_(log) {}
  // True: a call has run past exit_after, which was logged, and the process should end.
  [[nodiscard]] bool look(const std::string& pipeline, const WorkerMetrics& worker,
                          const WatchdogLimits& limits, std::chrono::nanoseconds now);

 private:
  Log& log_;
  // How long the present call had run when it was last reported.
  std::map<const WorkerMetrics*, std::chrono::nanoseconds> reported_;
};

}  // namespace thalweg
