#include "run/process.h"

#include <algorithm>
#include <chrono>
#include <unistd.h>

#include <fmt/format.h>

#include "run/exit_code.h"
#include "run/kafka_ports.h"
#include "run/models_of.h"
#include "run/signal_mask.h"
#include "run/signals.h"

namespace thalweg {
namespace {

using namespace std::chrono_literals;

struct WatchdogLimits {
  std::chrono::nanoseconds report_after;
  std::chrono::nanoseconds exit_after;
};

WatchdogLimits watchdog_of(const PipelineFile& file) {
  const Values& w = file.values.section("watchdog");
  return {std::chrono::milliseconds(w.integer("report_after")),
          std::chrono::milliseconds(w.integer("exit_after"))};
}

}  // namespace

LogLevel log_level_of(const Values& pipeline) {
  const std::string& level = pipeline.section("log").string("level");
  if (level == "debug") return LogLevel::debug;
  if (level == "warning") return LogLevel::warning;
  return level == "error" ? LogLevel::error : LogLevel::info;
}

LogFormat log_format_of(const Values& pipeline) {
  const std::string& format = pipeline.section("log").string("format");
  if (format == "human") return LogFormat::human;
  return format == "json" ? LogFormat::json : LogFormat::automatic;
}

Process::Process(const Registry& registry, Log& log) : registry_(registry), log_(log) {}

Process::~Process() {
  request_stop();
  pipelines_.clear();
}

void Process::request_stop() noexcept {
  stop_.store(true);
  // Pipelines are only added before run(), so the list is still.
  for (auto& pipeline : pipelines_) pipeline->request_stop();
  changed_.notify_all();
}

Status Process::add(PipelineFile file) {
  const std::string name = file.values.string("pipeline");
  for (const auto& other : pipelines_) {
    if (other->name() == name) {
      return config_error(file.values.where("pipeline"),
                          fmt::format("pipeline: a name of its own was expected; '{}' is another "
                                      "pipeline of this process; rename one",
                                      name));
    }
  }
  const SignalMask mask;  // loading a model starts threads
  auto models = models_of(file, registry_);
  if (!models) return std::move(models).error();
  auto pipeline = PipelineRun::build(std::move(file), registry_, **models, clock_, log_);
  if (!pipeline) return std::move(pipeline).error();
  models_.push_back(std::move(models).value());
  pipelines_.push_back(std::move(pipeline).value());
  say_models(*pipelines_.back());
  return {};
}

// What a person wants to know at start: which model, and what a row of it costs.
void Process::say_models(const PipelineRun& pipeline) {
  for (const std::string& name : models_.back()->names()) {
    auto handle = models_.back()->model(name);
    if (!handle) continue;
    const auto version = (*handle)->current();
    std::string costs;
    for (const BatchCost& cost : version->costs) {
      costs += fmt::format("{}{:.1f} us at {}", costs.empty() ? "" : ", ", cost.cpu_us_per_row,
                           cost.rows);
    }
    for (const std::string& warning : version->warnings) {
      log_.write(LogLevel::warning, "model.warning",
                 fmt::format("{}: model '{}': {}", pipeline.name(), name, warning),
                 {{"pipeline", pipeline.name()}, {"model", name}});
    }
    log_.write(LogLevel::info, "model.ready",
               fmt::format("{}: model '{}' version {} ({}) is warm{}{}", pipeline.name(), name,
                           version->version, version->runtime,
                           costs.empty() ? "" : "; CPU a row: ", costs),
               {{"pipeline", pipeline.name()},
                {"model", name},
                {"version", std::to_string(version->version)},
                {"runtime", version->runtime},
                {"cost", costs}});
  }
}

Status Process::run() {
  return run(kafka_ports(log_));
}

Status Process::run(const Ports& ports) {
  const SignalWatch signals([this](int signal) {
    log_.write(LogLevel::info, "process.stopping",
               signal == SIGINT
                   ? "stopping: finishing what is under way (Ctrl-C again to stop at once)"
                   : "stopping: finishing what is under way");
    request_stop();
  });
  if (Status http = start_http(); !http.ok()) return http;
  Status started = start_pipelines(ports);
  if (started.ok()) {
    wait_for_end();
  } else {
    request_stop();
  }
  Status outcome = std::move(started);
  for (auto& pipeline : pipelines_) {
    Status ended = pipeline->join();
    if (outcome.ok() && !ended.ok()) outcome = std::move(ended);
  }
  if (http_) http_->stop();
  if (!outcome.ok() && outcome.error().code() == Code::stopped) return {};
  return outcome;
}

Status Process::start_http() {
  for (const auto& pipeline : pipelines_) {
    const Values& values = pipeline->file().values;
    if (!values.given("http")) continue;
    const Values& http = values.section("http");
    HttpHandlers handlers;
    handlers.metrics = [this] {
      std::vector<PipelineView> views;
      if (started_.load()) {
        for (const auto& p : pipelines_) views.push_back(p->view());
      }
      return metrics_page(views);
    };
    handlers.not_ready = [this]() -> std::string {
      if (!started_.load()) return "starting";
      if (stop_.load()) return "stopping";
      for (const auto& p : pipelines_) {
        if (std::string why = p->not_ready(); !why.empty()) return why;
      }
      return {};
    };
    handlers.not_live = [] { return std::string(); };
    http_ = std::make_unique<HttpServer>(http.string("address"),
                                         static_cast<std::uint16_t>(http.integer("port")),
                                         std::move(handlers));
    if (Status started = http_->start(); !started.ok()) return started;
    log_.write(LogLevel::info, "http.listening",
               fmt::format("http: listening on {}:{}", http.string("address"), http_->port()),
               {{"port", std::to_string(http_->port())}});
    return {};
  }
  return {};
}

Status Process::start_pipelines(const Ports& ports) {
  for (auto& pipeline : pipelines_) {
    // Notified under the lock, or the waiter could look just before and sleep just after.
    Status started = pipeline->start(ports, [this] {
      const std::lock_guard lock(mutex_);
      changed_.notify_all();
    });
    if (!started.ok()) return started;
  }
  started_.store(true);
  return {};
}

void Process::wait_for_end() {
  std::uint64_t last_records = 0;
  std::unique_lock lock(mutex_);
  const auto ended = [&] {
    return std::all_of(pipelines_.begin(), pipelines_.end(),
                       [](const auto& p) { return p->ended(); });
  };
  while (!ended()) {
    changed_.wait_for(lock, 1s);
    watch_calls();
    show_progress(last_records);
    // One that failed takes the others with it.
    const bool failed = std::any_of(pipelines_.begin(), pipelines_.end(), [](const auto& p) {
      return std::any_of(p->workers().begin(), p->workers().end(),
                         [](const auto& w) { return w->metrics().failed.load(); });
    });
    if (failed) {
      lock.unlock();
      request_stop();
      lock.lock();
    }
  }
}

// A native call cannot be cancelled: it is reported, and after a while the process ends without committing it.
void Process::watch_calls() {
  const auto now = clock_.monotonic();
  for (const auto& pipeline : pipelines_) {
    const WatchdogLimits limits = watchdog_of(pipeline->file());
    for (const auto& worker : pipeline->workers()) {
      const std::int64_t began = worker->metrics().call_began_ns.load(std::memory_order_relaxed);
      if (began == 0) continue;
      const auto running = now - std::chrono::nanoseconds(began);
      std::chrono::nanoseconds& reported = worker->reported_call();
      if (running < limits.report_after) {
        reported = std::chrono::nanoseconds{0};
        continue;
      }
      // Said when the limit is passed, and again each time the time has doubled.
      if (running < 2 * reported && running < limits.exit_after) continue;
      reported = running;
      const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(running).count();
      log_.write(LogLevel::warning, "model.slow_call",
                 fmt::format("{}: a step has been running for {} s", pipeline->name(), seconds),
                 {{"pipeline", pipeline->name()}, {"seconds", std::to_string(seconds)}});
      if (running < limits.exit_after) continue;
      log_.error(
          "model.hung",
          Error(Code::model_hung,
                fmt::format("{}: a step did not return in {} s; the process ends, and its records "
                            "will be read again; watchdog.exit_after sets the time",
                            pipeline->name(), seconds)));
      ::_exit(exit_hung);
    }
  }
}

void Process::show_progress(std::uint64_t& last_records) {
  if (!log_.on_terminal()) return;
  std::uint64_t in = 0, out = 0, dead = 0;
  std::int64_t lag = 0;
  for (const auto& pipeline : pipelines_) {
    for (const auto& worker : pipeline->workers()) {
      const WorkerMetrics& m = worker->metrics();
      in += m.records_in.get();
      out += m.outputs.get();
      dead += m.dead.get();
      for (const PartitionLag& l : m.lag()) lag += std::max<std::int64_t>(l.records, 0);
    }
  }
  log_.progress(
      fmt::format("{} in, {} out, {} dead, {}/s, lag {}", in, out, dead, in - last_records, lag));
  last_records = in;
}

}  // namespace thalweg
