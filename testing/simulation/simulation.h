// Delivery, simulated: members of a group that crash at any call, lose partitions, wake up as zombies, stall inside of a model's call while
// the group is answered for them, and whose commits go wrong, all in memory and in an order drawn from a seed. The engine is the real one.
//
//   const SimulationResult r = simulate({.seed = 7});
//   EXPECT_TRUE(r.ok()) << r.text();               // the seed, and what was wrong
//
// What must hold at the end: each input record has exactly one output or dead letter that a read_committed reader sees (at least one, with
// at_least_once), in the order of its partition, and a step that counts records a key has counted each once.
// One thread; a run is some milliseconds. The same seed is the same run.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace thalweg::testing_kit {

struct SimulationOptions {
  std::uint64_t seed = 1;
  bool exactly_once = true;
};

struct SimulationResult {
  std::uint64_t seed = 0;
  std::vector<std::string> wrong;  // empty: all held
  std::size_t records = 0, outputs = 0, dead = 0, repeated = 0;
  std::size_t crashes = 0, moves = 0, zombies = 0, aborted = 0;
  std::size_t stalls = 0, answered = 0;  // calls that stalled; rebalances answered during them

  [[nodiscard]] bool ok() const noexcept { return wrong.empty(); }
  [[nodiscard]] std::string text() const;
};

[[nodiscard]] SimulationResult simulate(const SimulationOptions& options);

}  // namespace thalweg::testing_kit
