// The metrics of what watches the models: drift, comparison and A/B tests, as the second part of the metrics page.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "monitor/ab_monitor.h"
#include "monitor/comparison.h"
#include "monitor/drift_monitor.h"

namespace thalweg {

// Of one pipeline.
struct MonitoringFigures {
  std::string pipeline;
  std::vector<monitor::VersionDrift> drift;
  std::vector<monitor::VersionPair> comparisons;
  std::vector<monitor::AbLive> ab;
  double threshold = 0.5;
  std::uint64_t events_lost = 0;
  struct ShadowTopic {
    std::string topic;
    std::uint64_t written = 0, lost = 0;
  };
  std::vector<ShadowTopic> shadow_topics;
};

// Families without a series are left out.
[[nodiscard]] std::string monitoring_page(const std::vector<MonitoringFigures>& pipelines);

}  // namespace thalweg
