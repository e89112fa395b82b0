// What a run has to show: a line for each fault as it happens, and at the end a table by kind and the verdict.
#pragma once

#include <string>
#include <vector>

#include "chaos/ledger.h"
#include "chaos/stage.h"

namespace thalweg::chaos {

struct Outcome {
  std::size_t number;
  std::string fault, detail;
  double took = 0;   // from its beginning to its end, seconds
  double first = 0;  // until the first new output
  double all = 0;    // until one of every partition
  bool recovered = false;
  bool felt = true;           // by somebody: Deed
  std::int64_t repeated = 0;  // outputs that came again meanwhile
};

struct Result {
  std::vector<Outcome> outcomes;
  std::int64_t written = 0;
  Totals totals;
  std::vector<std::string> findings, troubles;
  bool clean = false;
  double seconds = 0;
};

// Seed, delivery, protocol: what a run is called.
[[nodiscard]] std::string words_of(const Settings& settings);
// A row for each kind of fault. One that nobody felt has not been survived.
[[nodiscard]] std::string table_of(const std::vector<Outcome>& outcomes);
// The kinds of which no one was ever felt, a sentence for each: of those nothing is known.
[[nodiscard]] std::vector<std::string> never_felt(const std::vector<Outcome>& outcomes);
void print_line(const Outcome& outcome, double at);
// To standard output, as Markdown; the same goes to docs/reliability.md.
void print_result(const Result& result, const Settings& settings);

}  // namespace thalweg::chaos
