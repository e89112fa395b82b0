// The part of the metrics page about versions: what each did, by variant and role, over all workers of a pipeline.
#pragma once

#include <string>
#include <vector>

#include "model/version_totals.h"

namespace thalweg {

struct PipelineVersions {
  std::string pipeline;
  std::vector<VersionTotals> versions;  // merged
};

// In Prometheus' text format; empty without versions.
[[nodiscard]] std::string version_page(const std::vector<PipelineVersions>& pipelines);

}  // namespace thalweg
