// The pipeline that is tormented: two fake models, one that refuses negative numbers, one that takes seconds for them.
#pragma once

#include <string>

#include "chaos/ledger.h"

namespace thalweg::chaos {

inline constexpr int session_ms = 4000;    // after so long without a heartbeat a member is dead
inline constexpr int slow_call_ms = 6000;  // longer than that, shorter than max.poll.interval.ms

struct PipelineFile {
  std::string name, brokers, in, out, dead;
  Delivery delivery = Delivery::at_least_once;
  int workers = 2;
};

void write_pipeline(const PipelineFile& pipeline, const std::string& path);

}  // namespace thalweg::chaos
