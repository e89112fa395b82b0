// The metrics of the A/B tests that run: the third part of the metrics page.
#pragma once

#include <string>
#include <vector>

#include "monitor/ab_monitor.h"
#include "run/metric_families.h"

namespace thalweg {

// Of one pipeline.
void add_ab(MetricFamilies& out, const std::string& pipeline,
            const std::vector<monitor::AbLive>& tests);

}  // namespace thalweg
