// The metrics page: every counter of every worker, in Prometheus' text format.
//
// The names are a documented contract (docs/metrics.md): thalweg_<what>_<unit>[_total], labels pipeline, worker, and what
// the metric is split by. Reads the workers' counters while they run; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "model/version_status.h"
#include "model/version_totals.h"
#include "run/worker_metrics.h"

namespace thalweg {

struct ModelInfo {
  std::string model;
  std::string runtime;
  std::int64_t version = 0;
};

// What the page shows of one pipeline. The metrics outlive the page's use of them.
struct PipelineView {
  std::string pipeline;
  std::vector<const WorkerMetrics*> workers;
  std::vector<ModelInfo> models;
  std::vector<VersionStatus> versions{};
  std::vector<VersionTotals> totals{};
};

[[nodiscard]] std::string metrics_page(const std::vector<PipelineView>& pipelines);

}  // namespace thalweg
