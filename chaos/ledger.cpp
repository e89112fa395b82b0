#include "chaos/ledger.h"

#include <algorithm>

#include <fmt/format.h>

namespace thalweg::chaos {
namespace {

constexpr std::size_t findings_max = 30;

bool has(const std::vector<std::uint8_t>& counts, std::int64_t number) {
  const auto at = static_cast<std::size_t>(number);
  return at < counts.size() && counts[at] > 0;
}

}  // namespace

Ledger::Part& Ledger::part(int partition) {
  const auto at = static_cast<std::size_t>(partition);
  if (at >= parts_.size()) parts_.resize(at + 1);
  return parts_[at];
}

void Ledger::found(std::int64_t& counter, const Record& record, std::string_view what) {
  ++counter;
  if (findings_.size() < findings_max)
    findings_.push_back(
        fmt::format("partition {} record {}: {}", record.partition, record.number, what));
}

bool Ledger::count(std::vector<std::uint8_t>& counts, std::int64_t& last, const Record& record,
                   std::string_view what) {
  const auto at = static_cast<std::size_t>(record.number);
  if (at >= counts.size()) counts.resize(std::max(at + 1, 2 * counts.size()));
  std::uint8_t& times = counts[at];
  times = static_cast<std::uint8_t>(std::min(times + 1, 255));
  if (times > 1) {
    if (delivery_ == Delivery::exactly_once) {
      found(totals_.repeated, record, fmt::format("{} number {} of it", what, times));
    } else {
      ++totals_.repeated;
    }
    return false;
  }
  if (record.number < last)
    found(totals_.out_of_order, record,
          fmt::format("its first {} comes behind that of record {}", what, last));
  last = std::max(last, record.number);
  return true;
}

void Ledger::output(const Record& record, std::string_view value) {
  Part& p = part(record.partition);
  if (must_die(record.kind)) found(totals_.wrong, record, "an output where a dead letter is due");
  if (!is_output_of(record, value))
    found(totals_.wrong, record, fmt::format("not what the model answers: {}", value));
  if (count(p.outputs, p.last_output, record, "output")) {
    ++totals_.outputs;
    if (has(p.dead, record.number)) found(totals_.wrong, record, "an output and a dead letter");
  }
}

void Ledger::dead_letter(const Record& record) {
  Part& p = part(record.partition);
  if (!must_die(record.kind)) found(totals_.wrong, record, "a dead letter where an output is due");
  if (count(p.dead, p.last_dead, record, "dead letter")) {
    ++totals_.dead;
    if (has(p.outputs, record.number)) found(totals_.wrong, record, "an output and a dead letter");
  }
}

void Ledger::stray(std::string_view what) {
  ++totals_.wrong;
  if (findings_.size() < findings_max)
    findings_.push_back(fmt::format("a message that belongs to no record: {}", what));
}

void Ledger::close(const std::vector<std::int64_t>& written) {
  for (std::size_t p = 0; p < written.size(); ++p) {
    const Part& have = part(static_cast<int>(p));
    for (std::int64_t n = 0; n < written[p]; ++n) {
      if (!has(have.outputs, n) && !has(have.dead, n))
        found(totals_.lost, {static_cast<int>(p), n, Kind::good}, "nothing came out");
    }
  }
}

bool Ledger::clean() const noexcept {
  return totals_.lost == 0 && totals_.wrong == 0 && totals_.out_of_order == 0 &&
         (totals_.repeated == 0 || delivery_ == Delivery::at_least_once);
}

}  // namespace thalweg::chaos
