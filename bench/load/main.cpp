// bench_load: what the rounds of script/bench use around a contestant. One program, so that a round starts nothing that costs.
//
//   bench_load create TOPIC --partitions 2       bench_load delete TOPIC
//   bench_load fill TOPIC --file tabular.jsonl --records 1000000
//   bench_load watch TOPIC --until 1000000
//   bench_load open-loop IN OUT --file tabular.jsonl --rate 1000 --seconds 20
//   bench_load echo                              a contestant: orders from the environment (bench/README.md)
//
// The broker is --brokers or BENCH_BROKERS. Results go to standard output as lines of JSON, words for people to standard error.
#include "commands.h"

int main(int argc, char** argv) {
  CLI::App app("Load, latency and ceilings for Thalweg's benchmarks", "bench_load");
  app.require_subcommand(1);
  thalweg::bench::add_topic_commands(app);
  thalweg::bench::add_fill_command(app);
  thalweg::bench::add_watch_command(app);
  thalweg::bench::add_open_loop_command(app);
  thalweg::bench::add_echo_command(app);
  CLI11_PARSE(app, argc, argv);
  return 0;
}
