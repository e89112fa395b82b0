// The metrics page: every counter of every worker, in Prometheus' text format.
//
// The names are a documented contract (docs/metrics.md): thalweg_<what>_<unit>[_total], labels pipeline, worker, and what
// the metric is split by. Reads the workers' counters while they run; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/version_status.h"
#include "model/version_totals.h"
#include "run/monitoring_page.h"
#include "run/worker_metrics.h"

namespace thalweg {

struct ModelInfo {
  std::string model;
  std::string runtime;
  std::int64_t version = 0;
};

// How often the versions behind a model's name changed.
struct ModelChanges {
  std::string model;
  std::uint64_t swaps = 0;
  std::uint64_t failed_loads = 0;
};

// What the controller of a pipeline has to tell.
struct ControlView {
  struct Model {
    std::string model;
    std::int64_t wanted = -1, active = -1;  // epochs
    bool prepared = false;                  // the wanted one
    bool refused = false;
    std::uint64_t rollbacks = 0;  // by a guard
  };
  std::vector<Model> models;
  std::uint64_t records_broken = 0, failures = 0;
  std::int64_t processes = 0;
};

// What the page shows of one pipeline. The metrics outlive the page's use of them.
struct PipelineView {
  std::string pipeline;
  std::vector<const WorkerMetrics*> workers;
  std::vector<ModelInfo> models;
  std::vector<ModelChanges> changes{};
  std::vector<VersionStatus> versions{};
  std::vector<VersionTotals> totals{};
  bool paused = false;
  std::optional<ControlView> control{};
  MonitoringFigures monitoring{};
};

[[nodiscard]] std::string metrics_page(const std::vector<PipelineView>& pipelines);

}  // namespace thalweg
