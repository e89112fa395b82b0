#include "run/monitoring.h"

#include <chrono>

#include <fmt/format.h>

#include "config/json_text.h"

namespace thalweg {
namespace {

// More alarms than that wait for a broker that is away: the oldest are given up.
constexpr std::size_t events_max = 1000;

}  // namespace

monitor::DriftOptions drift_options_of(const Values& drift) {
  monitor::DriftOptions options;
  options.rows_min = static_cast<std::uint64_t>(drift.integer("rows_min"));
  options.window_ms = drift.integer("window");
  options.first_rows = static_cast<std::uint64_t>(drift.integer("first_rows"));
  options.threshold = drift.number("threshold");
  options.windows = static_cast<std::uint32_t>(drift.integer("windows"));
  options.fields = drift.strings("fields");
  return options;
}

Monitoring::Monitoring(const PipelineFile& file, Log& log)
    : pipeline_(file.values.string("pipeline")), log_(log) {
  if (!file.values.given("drift")) return;
  const Values& drift = file.values.section("drift");
  if (drift.has("topic")) event_topic_ = drift.string("topic");
  drift_ = std::make_unique<monitor::DriftMonitor>(
      pipeline_, drift_options_of(drift),
      [this](const std::string& json, const std::string& words) { event(json, words); });
}

Monitoring::~Monitoring() = default;

monitor::Observers& Monitoring::for_worker() {
  auto& observers = *workers_.emplace_back(std::make_unique<monitor::Observers>());
  if (drift_ != nullptr) observers.add(drift_->observer());
  observers.add(comparison_.observer());
  observers.add(ab_.observer());
  return observers;
}

Status Monitoring::send_events_to(Sink& sink) {
  auto target = sink.add_target(event_topic_);
  if (!target) return std::move(target).error();
  const std::lock_guard lock(mutex_);
  target_ = *target;
  sink_ = &sink;
  return {};
}

void Monitoring::tick(Timestamp now) {
  const std::lock_guard lock(mutex_);
  if (drift_ != nullptr) drift_->tick(now);
  if (sink_ != nullptr) send_events();
}

// Inside tick.
void Monitoring::event(const std::string& json, const std::string& words) {
  log_.write(LogLevel::warning, "drift", pipeline_ + ": " + words, {{"pipeline", pipeline_}});
  if (event_topic_.empty()) return;
  if (events_.size() >= events_max) {
    lost_.fetch_add(1);
    return;
  }
  Event& event = events_.emplace_back();
  event.json = json;
  event.key = pipeline_;
  event.value = event.json;
  event.timestamp = {std::chrono::duration_cast<std::chrono::milliseconds>(
                         std::chrono::system_clock::now().time_since_epoch())
                         .count()};
  event.target = target_;
}

void Monitoring::send_events() {
  (void)sink_->poll();
  events_.remove_if([](const Event& event) { return event.done.load(); });
  for (Event& event : events_) {
    if (event.listener != nullptr) continue;  // under way
    event.target = target_;
    event.listener = this;
    if (Status sent = sink_->send(event); sent.ok()) continue;
    event.listener = nullptr;  // with a later tick
    return;
  }
}

// Any thread, and without mutex_, which tick may hold while it polls.
void Monitoring::delivered(OutputRecord& output, const Error* failure) noexcept {
  if (failure != nullptr) lost_.fetch_add(1);
  static_cast<Event&>(output).done.store(true);
}

MonitoringFigures Monitoring::figures() const {
  MonitoringFigures figures;
  figures.pipeline = pipeline_;
  if (drift_ != nullptr) figures.drift = drift_->report();
  figures.comparisons = comparison_.report();
  figures.ab = ab_.report();
  figures.threshold = comparison_.options().threshold;
  figures.events_lost = lost_.load();
  return figures;
}

std::string Monitoring::json() const {
  std::string drift = "null";
  if (drift_ != nullptr) drift = monitor::drift_json(pipeline_, drift_->report());
  return fmt::format(
      "{{\"pipeline\":{},\"drift\":{},\"comparisons\":{},\"ab\":{}}}",
      config::json_string(pipeline_), drift,
      monitor::comparison_json(comparison_.report(), comparison_.options().threshold),
      monitor::ab_json(ab_.report()));
}

}  // namespace thalweg
