// Names in `drift.fields` and `inference_log.features` that nothing answers to. No error: a version that makes such a feature may come, and one
// that made it may have been rolled back; a process must start for all that.
#pragma once

#include <string>
#include <vector>

#include "thalweg/settings.h"

#include "run/chain.h"

namespace thalweg {

// Whole sentences; by the versions that serve now.
[[nodiscard]] std::vector<std::string> watched_names_warnings(const Values& pipeline,
                                                              const Chain& chain);

}  // namespace thalweg
