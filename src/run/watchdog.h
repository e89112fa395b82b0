// Looks at workers from outside: a call that does not return, a worker that does not come round any more.
//
// A native call cannot be cancelled. Past `report_after` it is reported, again each time it has taken twice as long, and /livez
// answers 503; past `exit_after` the process is to end without committing it. Time in which the whole process was stopped (SIGSTOP, a frozen
// container) does not count: the call had none of it.
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
  // Of a worker and its present call.
  struct Seen {
    std::chrono::nanoseconds began{0};      // of the call; 0: none
    std::chrono::nanoseconds looked_at{0};  // last
    std::chrono::nanoseconds stopped{0};    // since it began the process was stopped for so long
    std::chrono::nanoseconds reported{0};   // how long it had run when it was last reported
  };
  [[nodiscard]] static std::chrono::nanoseconds running(Seen& seen, const WorkerMetrics& worker,
                                                        std::chrono::nanoseconds now);

  Log& log_;
  std::map<const WorkerMetrics*, Seen> seen_;
};

}  // namespace thalweg
