// What an A/B test says, for scripts and for people.
#pragma once

#include <string>

#include "monitor/ab_test.h"

namespace thalweg::monitor {

// A sum may be too large for a number, and JSON has no word for that but null.
[[nodiscard]] std::string json_figure(double value);
[[nodiscard]] std::string to_json(const AbVerdict& verdict);
// One line.
[[nodiscard]] std::string to_text(const AbVerdict& verdict);

}  // namespace thalweg::monitor
