#include "run/monitoring.h"

#include <chrono>

#include <fmt/format.h>

#include "config/json_text.h"

namespace thalweg {
namespace {

// More alarms than that wait for a broker that is away: the latest are given up.
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
  options.features = drift.boolean("features");
  return options;
}

monitor::ComparisonOptions comparison_options_of(const Values& comparison) {
  return {comparison.number("threshold"), comparison.number("low"), comparison.number("high")};
}

Monitoring::Monitoring(const PipelineFile& file, const Registry& registry, Log& log)
    : pipeline_(file.values.string("pipeline")),
      log_(log),
      events_({.pipeline = pipeline_, .what = "events of drift", .records_max = events_max}, log),
      shadows_({.pipeline = pipeline_,
                .what = "answers of the shadow",
                .forbidden = own_topics(file.values)},
               log),
      comparison_(comparison_options_of(file.values.section("comparison"))),
      shadow_records_(registry, [this](monitor::ShadowRecord r) {
        (void)shadows_.put({std::move(r.topic), std::move(r.key), std::move(r.value),
                            std::move(r.header), r.timestamp});
      }) {
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
  observers.add(shadow_records_.observer());
  return observers;
}

void Monitoring::tick(Timestamp now) {
  const std::lock_guard lock(mutex_);
  if (drift_ != nullptr) drift_->tick(now);
  comparison_.tick(now);
  events_.tick();
  shadows_.tick();
}

void Monitoring::close() {
  events_.close();
  shadows_.close();
}

// Inside tick.
void Monitoring::event(const std::string& json, const std::string& words) {
  log_.write(LogLevel::warning, "drift", pipeline_ + ": " + words, {{"pipeline", pipeline_}});
  if (event_topic_.empty()) return;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  (void)events_.put({event_topic_,
                     pipeline_,
                     json,
                     "",
                     {std::chrono::duration_cast<std::chrono::milliseconds>(now).count()}});
}

MonitoringFigures Monitoring::figures() const {
  MonitoringFigures figures;
  figures.pipeline = pipeline_;
  if (drift_ != nullptr) figures.drift = drift_->report();
  figures.comparisons = comparison_.report();
  figures.ab = ab_.report();
  figures.threshold = comparison_.options().threshold;
  figures.events_lost = events_.lost();
  for (const SideTopics::Counts& topic : shadows_.counts())
    figures.shadow_topics.push_back({topic.topic, topic.written, topic.lost});
  return figures;
}

std::map<std::string, std::string> Monitoring::ab() const {
  std::map<std::string, std::string> tests;
  for (const monitor::AbLive& test : ab_.report())
    tests.emplace(test.model, monitor::ab_json(test));
  return tests;
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
