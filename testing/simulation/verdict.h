// What must hold after a simulation, looked at from the topics only.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sink/memory_sink.h"
#include "testing/simulation/simulation.h"

namespace thalweg::testing_kit {

struct Input {
  std::size_t partition = 0;
  int number = 0;  // in its partition, from 0
  std::string key;
  bool dies = false;  // cannot be decoded, or is refused by the broker
};

// How far each key of the partition was counted, as the outputs say.
[[nodiscard]] std::map<std::string, int> counts_of(const std::vector<SentRecord>& outputs,
                                                   std::size_t partition);

struct Promise {
  bool exactly_once = false;
  bool counts = false;  // a step counted the records of each key
};

// Adds to result: figures, and what is wrong.
void judge(const std::vector<Input>& inputs, const std::vector<SentRecord>& outputs,
           const Promise& promise, SimulationResult& result);

}  // namespace thalweg::testing_kit
