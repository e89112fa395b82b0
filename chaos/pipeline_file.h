// The pipeline that is tormented. Its four fake models mind one negative number each: one refuses it, one takes seconds for it, one takes the
// process with it, one never returns.
#pragma once

#include <string>

#include "chaos/ledger.h"
#include "chaos/protocol.h"

namespace thalweg::chaos {

inline constexpr int session_ms = 4000;  // after so long without a heartbeat a member is dead
inline constexpr int heartbeat_ms = 1000;
inline constexpr int slow_call_ms = 6000;  // longer than that, shorter than max.poll.interval.ms
inline constexpr int hung_ms = 8000;       // then the watchdog takes a call for hung
// How long a transaction may be silent, and how long until the broker looks at it after that: both as they are where nobody sets them.
inline constexpr int transaction_ms = 10'000, transaction_look_ms = 10'000;

struct PipelineFile {
  std::string name{}, brokers{}, in{}, out{}, dead{};
  Delivery delivery = Delivery::at_least_once;
  Protocol protocol = Protocol::cooperative;
  int workers = 2;
};

void write_pipeline(const PipelineFile& pipeline, const std::string& path);

}  // namespace thalweg::chaos
