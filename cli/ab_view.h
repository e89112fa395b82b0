// The A/B figures that processes tell with their status, as lines for people.
#pragma once

#include <string>
#include <vector>

#include "thalweg/settings.h"

namespace thalweg::cli {

// Of one process: the variants with their rows and scores, and what may be said of them already.
[[nodiscard]] std::string ab_text(const Node& ab);
// Of several processes, those that are in the last one's epoch: rows and means, which may be added up as they are. Empty for fewer than two.
[[nodiscard]] std::string ab_total_text(const std::vector<const Node*>& tests);

}  // namespace thalweg::cli
