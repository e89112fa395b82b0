#include "run/watchdog.h"

#include <algorithm>

#include <fmt/format.h>

#include "thalweg/error.h"

namespace thalweg {
namespace {

using std::chrono::nanoseconds;

// A rebalance may look up offsets for so long while the group's coordinator is away; that is no fault of the worker's.
constexpr nanoseconds comes_round_within = std::chrono::seconds(60);

std::string seconds(nanoseconds time) {
  const double s = std::chrono::duration<double>(time).count();
  return s < 10 ? fmt::format("{:.1f}", s) : fmt::format("{:.0f}", s);
}

}  // namespace

WatchdogLimits watchdog_limits(const PipelineFile& file) {
  const Values& w = file.values.section("watchdog");
  return {std::chrono::milliseconds(w.integer("report_after")),
          std::chrono::milliseconds(w.integer("exit_after"))};
}

// For how long something stands, by a metric that is 0 when nothing does.
nanoseconds Watchdog::since(const std::atomic<std::int64_t>& began_ns, nanoseconds now) const {
  const nanoseconds began(began_ns.load(std::memory_order_relaxed));
  return began == nanoseconds{0} ? began : now - began - stopped_.since(began, now);
}

std::string Watchdog::not_alive(const WorkerMetrics& worker, const WatchdogLimits& limits,
                                nanoseconds now) const {
  if (const auto running = since(worker.call_began_ns, now); running >= limits.report_after)
    return fmt::format("a step has been running for {} s", seconds(running));
  if (const auto silent = since(worker.came_round_ns, now);
      silent >= std::max(limits.report_after, comes_round_within))
    return fmt::format("a worker has not come round for {} s", seconds(silent));
  return {};
}

bool Watchdog::look(const std::string& pipeline, const WorkerMetrics& worker,
                    const WatchdogLimits& limits, nanoseconds now) {
  stopped_.look(now);
  const nanoseconds running = since(worker.call_began_ns, now);
  Seen& seen = seen_[&worker];
  if (const auto began = worker.call_began_ns.load(std::memory_order_relaxed);
      began != seen.began_ns)
    seen = {.began_ns = began};
  nanoseconds& reported = seen.reported;
  if (running < limits.report_after) {
    reported = nanoseconds{0};
    return false;
  }
  if (running < 2 * reported && running < limits.exit_after) return false;
  reported = running;
  log_.write(LogLevel::warning, "model.slow_call",
             fmt::format("{}: a step has been running for {} s", pipeline, seconds(running)),
             {{"pipeline", pipeline}, {"seconds", LogValue::number_of(seconds(running))}});
  if (running < limits.exit_after) return false;
  log_.error("model.hung",
             Error(Code::model_hung,
                   fmt::format("{}: a step did not return in {} s; the process ends, and its "
                               "records will be read again; watchdog.exit_after sets the time",
                               pipeline, seconds(running))));
  return true;
}

}  // namespace thalweg
