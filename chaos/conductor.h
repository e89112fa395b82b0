// Carries the plan out: one fault after the other, until the time is over; then counts.
#pragma once

#include "chaos/report.h"
#include "chaos/stage.h"

namespace thalweg::chaos {

[[nodiscard]] Result conduct(const Settings& settings);
// The same plan in words, without a broker.
void print_plan(const Settings& settings, std::size_t steps);

}  // namespace thalweg::chaos
