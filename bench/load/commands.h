// The commands of bench_load. Each reads its options from the command line through CLI11 and returns an exit code.
#pragma once

#include <CLI/CLI.hpp>

namespace thalweg::bench {

void add_topic_commands(CLI::App& app);     // create, delete
void add_fill_command(CLI::App& app);       // a topic full of records
void add_watch_command(CLI::App& app);      // how far the output is, over time
void add_open_loop_command(CLI::App& app);  // latency at a fixed rate
void add_echo_command(CLI::App& app);       // the ceiling of the transport

}  // namespace thalweg::bench
