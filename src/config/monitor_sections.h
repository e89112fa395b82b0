// The settings of what watches the models: `drift`, `comparison` and `inference_log`.
#pragma once

#include "thalweg/settings.h"

namespace thalweg {

[[nodiscard]] const Section& drift_section();
[[nodiscard]] const Section& comparison_section();
[[nodiscard]] const Section& inference_log_section();

}  // namespace thalweg
