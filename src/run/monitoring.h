// What a pipeline's models are watched by while it runs: drift, the comparison with a shadow, A/B tests, and the events that drift causes.
//
//   for_worker() ─▶ the chain of a worker tells it what models answered
//   tick()       ─▶ once a second, from the process's own thread: windows are judged, events sent
//   figures()    ─▶ the metrics page;  json() ─▶ GET /monitoring
//
// Events are written once each, to the best of its power: an alarm that is lost is still a metric.
#pragma once

#include <atomic>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "thalweg/ports.h"

#include "config/pipeline.h"
#include "monitor/ab_monitor.h"
#include "monitor/comparison.h"
#include "monitor/drift_monitor.h"
#include "monitor/observers.h"
#include "run/log.h"
#include "run/monitoring_page.h"

namespace thalweg {

[[nodiscard]] monitor::DriftOptions drift_options_of(const Values& drift);

class Monitoring final : private DeliveryListener {
 public:
  // `log` outlives it.
  Monitoring(const PipelineFile& file, Log& log);
  ~Monitoring() override;

  // One for each worker's chain, before it is built; it is Monitoring's.
  [[nodiscard]] monitor::Observers& for_worker();

  // The topic of events; "": none.
  [[nodiscard]] const std::string& event_topic() const noexcept { return event_topic_; }
  // From now on events go there. `sink` is abandoned, or outlived by nothing that was sent, before this ends.
  [[nodiscard]] Status send_events_to(Sink& sink);

  void tick(Timestamp now);

  [[nodiscard]] MonitoringFigures figures() const;
  [[nodiscard]] std::string json() const;

 private:
  struct Event : OutputRecord {
    std::string json;
    std::atomic<bool> done{false};
  };

  void delivered(OutputRecord& output, const Error* failure) noexcept override;
  void event(const std::string& json, const std::string& words);
  void send_events();

  const std::string pipeline_;
  Log& log_;
  std::string event_topic_;
  std::unique_ptr<monitor::DriftMonitor> drift_;  // null: not asked for
  monitor::ComparisonMonitor comparison_;
  monitor::AbMonitor ab_;
  std::vector<std::unique_ptr<monitor::Observers>> workers_;
  Sink* sink_ = nullptr;
  std::uint16_t target_ = 0;
  std::mutex mutex_;         // tick and those who set the sink
  std::list<Event> events_;  // mutex_; not sent yet, or not acknowledged
  std::atomic<std::uint64_t> lost_{0};
};

}  // namespace thalweg
