#include "chaos/report.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

namespace thalweg::chaos {
namespace {

double median(std::vector<double> all) {
  std::sort(all.begin(), all.end());
  return (all[(all.size() - 1) / 2] + all[all.size() / 2]) / 2;
}

struct Row {
  std::vector<double> first, all;
  std::int64_t repeated = 0;
  int survived = 0, not_felt = 0;
};

std::map<std::string, Row> by_kind(const std::vector<Outcome>& outcomes) {
  std::map<std::string, Row> rows;
  for (const Outcome& o : outcomes) {
    Row& row = rows[o.fault];
    row.first.push_back(o.first);
    row.all.push_back(o.all);
    row.repeated += o.repeated;
    row.survived += o.recovered && o.felt ? 1 : 0;
    row.not_felt += o.felt ? 0 : 1;
  }
  return rows;
}

}  // namespace

std::string table_of(const std::vector<Outcome>& outcomes) {
  std::string table =
      "| fault | times | survived | no effect seen | first output after, s (median, worst) | every "
      "partition after, s (median, worst) | repeated |\n|---|---|---|---|---|---|---|\n";
  for (const auto& [fault, row] : by_kind(outcomes)) {
    table += fmt::format("| {} | {} | {} | {} | {:.1f}, {:.1f} | {:.1f}, {:.1f} | {} |\n", fault,
                         row.first.size(), row.survived, row.not_felt, median(row.first),
                         *std::max_element(row.first.begin(), row.first.end()), median(row.all),
                         *std::max_element(row.all.begin(), row.all.end()), row.repeated);
  }
  return table;
}

std::vector<std::string> never_felt(const std::vector<Outcome>& outcomes) {
  std::vector<std::string> all;
  for (const auto& [fault, row] : by_kind(outcomes)) {
    if (static_cast<std::size_t>(row.not_felt) == row.first.size())
      all.push_back(fmt::format(
          "fault {}: expected to see its effect at least once; it was not seen in {} of {} times",
          fault, row.not_felt, row.first.size()));
  }
  return all;
}

std::string words_of(const Settings& settings) {
  return fmt::format("seed {}, {}, group protocol {}", settings.seed,
                     settings.delivery == Delivery::exactly_once ? "exactly_once" : "at_least_once",
                     name_of(settings.protocol));
}

void print_line(const Outcome& o, double at) {
  fmt::print(
      "{:7.1f} s  {:3} {:15} took {:5.1f} s, first output after {:4.1f} s, all partitions "
      "after {:4.1f} s, repeated {:6}{}{}  ({})\n",
      at, o.number, o.fault, o.took, o.first, o.all, o.repeated,
      o.recovered ? "" : "  NOT RECOVERED", o.felt ? "" : "  NO EFFECT SEEN", o.detail);
  std::fflush(stdout);
}

void print_result(const Result& result, const Settings& settings) {
  if (!result.outcomes.empty()) fmt::print("\n{}", table_of(result.outcomes));
  const Totals& t = result.totals;
  fmt::print(
      "\nrecords {}, outputs {}, dead letters {}, lost {}, repeated {}, out of order {}, wrong {}; "
      "{} faults in {:.0f} s\n",
      result.written, t.outputs, t.dead, t.lost, t.repeated, t.out_of_order, t.wrong,
      result.outcomes.size(), result.seconds);
  for (const std::string& finding : result.findings) fmt::print("  {}\n", finding);
  for (const std::string& trouble : result.troubles) fmt::print("  {}\n", trouble);
  fmt::print("chaos: {}: {}\n", words_of(settings), result.clean ? "PASSED" : "FAILED");
}

}  // namespace thalweg::chaos
