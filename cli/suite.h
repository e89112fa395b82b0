// One pipeline's cases and golden lines, run in several cuts and judged.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "thalweg/error.h"

#include "cli/junit.h"
#include "cli/pipeline_options.h"

namespace thalweg::cli {

struct SuiteOptions {
  PipelineOptions pipeline;
  std::string cases;   // a case file; empty: beside the pipeline
  std::string filter;  // only cases whose name contains this
};

// A verdict per case. Errors: the pipeline or its cases cannot be read, or the pipeline stopped.
[[nodiscard]] Result<std::vector<JunitCase>> run_suite(const std::string& path,
                                                       const SuiteOptions& options);

}  // namespace thalweg::cli
