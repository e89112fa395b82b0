// What a pipeline's models are watched by while it runs: drift, the comparison with a shadow, A/B tests, and the events that drift causes.
//
//   for_worker() ─▶ the chain of a worker tells it what models answered
//   tick()       ─▶ once a second, from the process's own thread: windows are judged, events sent
//   figures()    ─▶ the metrics page;  json() ─▶ GET /monitoring
//
// Events, and what shadows say, go to topics beside the outputs (side_topics.h): an alarm that is lost is still a metric.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "thalweg/ports.h"
#include "thalweg/registry.h"

#include "config/pipeline.h"
#include "monitor/ab_monitor.h"
#include "monitor/comparison.h"
#include "monitor/drift_monitor.h"
#include "monitor/observers.h"
#include "monitor/shadow_records.h"
#include "run/log.h"
#include "run/monitoring_page.h"
#include "run/side_topics.h"

namespace thalweg {

[[nodiscard]] monitor::DriftOptions drift_options_of(const Values& drift);
[[nodiscard]] monitor::ComparisonOptions comparison_options_of(const Values& comparison);

class Monitoring final {
 public:
  // `registry` and `log` outlive it.
  Monitoring(const PipelineFile& file, const Registry& registry, Log& log);
  ~Monitoring();

  // One for each worker's chain, before it is built; it is Monitoring's.
  [[nodiscard]] monitor::Observers& for_worker();

  // The topic of events; "": none.
  [[nodiscard]] const std::string& event_topic() const noexcept { return event_topic_; }
  // Who writes the events and what shadows say. To be opened before the workers are.
  [[nodiscard]] SideTopics& events() noexcept { return events_; }
  [[nodiscard]] SideTopics& shadows() noexcept { return shadows_; }

  void tick(Timestamp now);
  // Nothing more is written. When the workers have ended.
  void close();

  [[nodiscard]] MonitoringFigures figures() const;
  // The A/B tests under way, by model, as JSON.
  [[nodiscard]] std::map<std::string, std::string> ab() const;
  [[nodiscard]] std::string json() const;

 private:
  void event(const std::string& json, const std::string& words);

  const std::string pipeline_;
  Log& log_;
  std::string event_topic_;
  SideTopics events_;
  SideTopics shadows_;
  std::unique_ptr<monitor::DriftMonitor> drift_;  // null: not asked for
  monitor::ComparisonMonitor comparison_;
  monitor::AbMonitor ab_;
  monitor::ShadowRecords shadow_records_;
  std::vector<std::unique_ptr<monitor::Observers>> workers_;
  std::mutex mutex_;  // tick
};

}  // namespace thalweg
