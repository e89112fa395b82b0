#include "run/watchdog.h"

#include <algorithm>

#include <fmt/format.h>

#include "thalweg/error.h"

namespace thalweg {
namespace {

using std::chrono::nanoseconds;

// A rebalance may look up offsets for so long while the group's coordinator is away; that is no fault of the worker's.
constexpr nanoseconds comes_round_within = std::chrono::seconds(60);
// The process looks once a second. When it has not for so long it was not the call that stood still, but everybody.
constexpr nanoseconds looks_within = std::chrono::seconds(5);

std::string seconds(nanoseconds time) {
  const double s = std::chrono::duration<double>(time).count();
  return s < 10 ? fmt::format("{:.1f}", s) : fmt::format("{:.0f}", s);
}

// Since when something stands, by a metric that is 0 when nothing does.
nanoseconds since(const std::atomic<std::int64_t>& began_ns, nanoseconds now) {
  const std::int64_t began = began_ns.load(std::memory_order_relaxed);
  return began == 0 ? nanoseconds{0} : now - nanoseconds(began);
}

}  // namespace

WatchdogLimits watchdog_limits(const PipelineFile& file) {
  const Values& w = file.values.section("watchdog");
  return {std::chrono::milliseconds(w.integer("report_after")),
          std::chrono::milliseconds(w.integer("exit_after"))};
}

std::string not_alive(const WorkerMetrics& worker, const WatchdogLimits& limits, nanoseconds now) {
  if (const auto running = since(worker.call_began_ns, now); running >= limits.report_after)
    return fmt::format("a step has been running for {} s", seconds(running));
  if (const auto silent = since(worker.came_round_ns, now);
      silent >= std::max(limits.report_after, comes_round_within))
    return fmt::format("a worker has not come round for {} s", seconds(silent));
  return {};
}

nanoseconds Watchdog::running(Seen& seen, const WorkerMetrics& worker, nanoseconds now) {
  const nanoseconds began(worker.call_began_ns.load(std::memory_order_relaxed));
  if (began != seen.began) seen = {.began = began, .looked_at = seen.looked_at};
  const nanoseconds unseen = now - std::max(seen.looked_at, began);
  seen.looked_at = now;
  if (began == nanoseconds{0}) return nanoseconds{0};
  if (unseen > looks_within) seen.stopped += unseen;
  return now - began - seen.stopped;
}

bool Watchdog::look(const std::string& pipeline, const WorkerMetrics& worker,
                    const WatchdogLimits& limits, nanoseconds now) {
  Seen& seen = seen_[&worker];
  const nanoseconds running = this->running(seen, worker, now);
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
