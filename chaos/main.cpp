// chaos: a real broker, several `thalweg run` processes, faults in an order that the seed gives, and a verifier that counts what came
// of every record. Started by script/chaos, which says what it takes and builds it.
#include <algorithm>
#include <map>
#include <random>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "bench/must.h"
#include "chaos/conductor.h"
#include "chaos/faults.h"

namespace {

using namespace thalweg::chaos;

void print_faults() {
  for (const Fault& fault : faults())
    fmt::print("{:15} {}{}\n", fault.name, fault.what, fault.in_short_form ? " (short form)" : "");
}

void add_options(CLI::App& app, Settings& settings, std::string& protocol) {
  const std::map<std::string, Delivery> deliveries{{"at_least_once", Delivery::at_least_once},
                                                   {"exactly_once", Delivery::exactly_once}};
  const std::map<std::string, Lie> lies{{"lost", Lie::lost},
                                        {"repeated", Lie::repeated},
                                        {"order", Lie::order},
                                        {"harmless", Lie::harmless}};
  app.add_option("--seed", settings.seed, "Gives the order of the faults and what each does");
  app.add_option("--minutes", settings.minutes, "How long faults are made")
      ->check(CLI::PositiveNumber);
  app.add_flag("--short", settings.short_form, "Some faults, once each: about 90 s");
  app.add_option("--faults", settings.faults, "Only these")->delimiter(',');
  app.add_option("--delivery", settings.delivery, "What is promised")
      ->transform(CLI::CheckedTransformer(deliveries));
  app.add_option("--protocol", protocol, "Of the group; where not given the seed chooses")
      ->check(CLI::IsMember({"eager", "cooperative", "consumer"}));
  app.add_option("--lie", settings.lie,
                 "One record is treated so on purpose, or no process hit: the run must fail")
      ->transform(CLI::CheckedTransformer(lies));
  app.add_option("--rate", settings.per_second, "Records a second")->check(CLI::Range(10, 100'000));
  app.add_option("--partitions", settings.partitions, "Of the input")
      ->check(CLI::Range(1, input_partitions_max));
  app.add_option("--processes", settings.processes, "thalweg run")->check(CLI::Range(1, 8));
  app.add_flag("--keep", settings.keep, "Keeps logs and broker data, also when all is well");
  app.add_option("--root", settings.root)->required();
  app.add_option("--thalweg", settings.thalweg)->required();
}

Protocol protocol_for(const std::string& name, std::uint64_t seed) {
  const auto* const found = std::find(protocol_names.begin(), protocol_names.end(), name);
  if (found == protocol_names.end()) return protocol_of(seed);
  return static_cast<Protocol>(found - protocol_names.begin());
}

void check_faults(const Settings& settings) {
  for (const std::string& name : settings.faults) {
    if (fault_named(name) == nullptr)
      thalweg::bench::fail("--faults: expected names of faults; got '" + name +
                           "'; --list shows them");
  }
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  settings.seed = std::random_device{}() % 1'000'000;
  bool list = false;
  std::size_t plan = 0;
  CLI::App app("Faults for thalweg, in an order that a seed gives", "chaos");
  app.add_flag("--list", list, "Names the faults");
  app.add_option("--plan", plan, "Prints so many steps of the plan, and ends");
  std::string protocol;
  add_options(app, settings, protocol);
  CLI11_PARSE(app, argc, argv);
  if (list) {
    print_faults();
    return 0;
  }
  check_faults(settings);
  settings.protocol = protocol_for(protocol, settings.seed);
  fmt::print("chaos: {}, binary {}\n", words_of(settings), settings.thalweg);
  if (plan > 0) {
    print_plan(settings, plan);
    return 0;
  }
  settings.folder = fmt::format("{}/build/chaos/{}-{}", settings.root, settings.seed, ::getpid());
  const Result result = conduct(settings);
  print_result(result, settings);
  return result.clean ? 0 : 1;
}
