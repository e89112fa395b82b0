// Thousands of short lives of a group, each from its seed. A run that fails prints its seed; to see it again, and to run more:
//
//   THALWEG_SIMULATION_SEED=4711 build/dev/test_testing --gtest_filter='Simulation.*'
//   THALWEG_SIMULATION_RUNS=100000 build/dev/test_testing --gtest_filter='Simulation.*'
#include "testing/simulation/simulation.h"

#include <cstdlib>
#include <string>

#include <gtest/gtest.h>

namespace thalweg::testing_kit {
namespace {

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

SimulationResult run_all(bool exactly_once) {
  const std::uint64_t seed = from_environment("THALWEG_SIMULATION_SEED", 0);
  const std::uint64_t first = seed == 0 ? 1 : seed;
  const std::uint64_t runs = seed == 0 ? from_environment("THALWEG_SIMULATION_RUNS", 4000) : 1;
  SimulationResult sum;
  int failures = 0;
  for (std::uint64_t s = first; s < first + runs && failures < 3; ++s) {
    const SimulationResult one = simulate({.seed = s, .exactly_once = exactly_once});
    EXPECT_TRUE(one.ok()) << one.text();
    failures += one.ok() ? 0 : 1;
    sum.records += one.records, sum.outputs += one.outputs, sum.dead += one.dead;
    sum.repeated += one.repeated, sum.crashes += one.crashes, sum.moves += one.moves;
    sum.zombies += one.zombies, sum.aborted += one.aborted;
    sum.stalls += one.stalls, sum.answered += one.answered;
  }
  std::printf("%llu runs; in sum: %s\n", static_cast<unsigned long long>(runs), sum.text().c_str());
  return sum;
}

TEST(Simulation, Exactly_once_every_record_has_one_output_in_order_and_is_counted_once) {
  const SimulationResult sum = run_all(true);
  EXPECT_EQ(sum.repeated, 0U);
}

TEST(Simulation, At_least_once_no_record_is_lost_and_the_order_is_kept_apart_from_repetitions) {
  (void)run_all(false);
}

TEST(Simulation, The_faults_it_claims_do_happen) {
  SimulationResult sum;
  for (std::uint64_t s = 1; s <= 200; ++s) {
    const SimulationResult one = simulate({.seed = s});
    sum.crashes += one.crashes, sum.moves += one.moves, sum.zombies += one.zombies;
    sum.aborted += one.aborted, sum.dead += one.dead;
    sum.stalls += one.stalls, sum.answered += one.answered;
  }
  EXPECT_GT(sum.crashes, 50U);
  EXPECT_GT(sum.moves, 50U);
  EXPECT_GT(sum.zombies, 10U);
  EXPECT_GT(sum.aborted, 100U);
  EXPECT_GT(sum.dead, 100U);
  EXPECT_GT(sum.stalls, 200U);
  EXPECT_GT(sum.answered, 50U);
}

TEST(Simulation, The_same_seed_is_the_same_run) {
  EXPECT_EQ(simulate({.seed = 42}).text(), simulate({.seed = 42}).text());
}

}  // namespace
}  // namespace thalweg::testing_kit
