// When drift is an alarm.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace thalweg::monitor {

struct DriftOptions {
  std::uint64_t rows_min = 1000;  // of a window, and
  std::int64_t window_ms =
      60'000;  // both: what is rare needs time, and what is seldom asked needs rows
  std::uint64_t first_rows = 10'000;  // make the baseline of a version that brings none
  double threshold = 0.25;
  double level = 0.95;        // of the limit without drift
  std::uint32_t windows = 3;  // running, until it is an alarm
  std::vector<std::string>
      fields;            // empty: all that the version reads and steps make of it, and its outputs
  bool features = true;  // what steps make, too
};

}  // namespace thalweg::monitor
