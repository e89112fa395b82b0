#include "cli/summary.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "cli/terminal.h"

namespace thalweg::cli {
namespace {

using Counts = std::array<std::uint64_t, Histogram::buckets>;

void add(const WorkerMetrics& m, Summary& sum, Counts& batch_rows) {
  sum.in += m.records_in.get();
  sum.forwarded += m.forwarded.get();
  sum.absorbed += m.absorbed.get();
  sum.filtered += m.filtered.get();
  sum.dead += m.dead.get();
  sum.outputs += m.outputs.get();
  sum.batches += m.batches.get();
  sum.rows += m.batch_rows.sum();
  sum.model_calls += m.model_calls.get();
  sum.model_rows += m.model_rows.get();
  sum.model_ns += m.model_ns.sum();
  sum.features_ns += m.features_ns.sum();
  for (std::size_t i = 0; i < code_count; ++i) {
    const std::uint64_t n = m.dead_by_code[i].get();
    if (n > 0) sum.dead_by_code[std::string(to_string(static_cast<Code>(i)))] += n;
  }
  for (std::size_t i = 0; i < Histogram::buckets; ++i) batch_rows[i] += m.batch_rows.count(i);
}

// The upper bound of the bucket in which the part `share` of all lies.
std::uint64_t quantile(const Counts& counts, double share) {
  std::uint64_t all = 0;
  for (const std::uint64_t n : counts) all += n;
  std::uint64_t so_far = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    so_far += counts[i];
    if (so_far > 0 && static_cast<double>(so_far) >= share * static_cast<double>(all))
      return std::uint64_t{1} << i;
  }
  return 0;
}

}  // namespace

Summary summary_of(const std::vector<std::unique_ptr<PipelineRun>>& pipelines) {
  Summary sum;
  Counts batch_rows{};
  for (const auto& pipeline : pipelines) {
    for (const WorkerMetrics* metrics : pipeline->view().workers) add(*metrics, sum, batch_rows);
  }
  sum.batch_rows_p50 = quantile(batch_rows, 0.5);
  sum.batch_rows_max = quantile(batch_rows, 1.0);
  return sum;
}

std::string words_for(const Summary& s) {
  std::string text =
      fmt::format("{} in: {} forwarded", counted(s.in, "record"), thousands(s.forwarded));
  if (s.absorbed > 0) text += fmt::format(", {} absorbed", thousands(s.absorbed));
  text += fmt::format(", {} filtered, {} dead", thousands(s.filtered), thousands(s.dead));
  if (s.dead > 0) {
    std::string reasons;
    for (const auto& [code, n] : s.dead_by_code)
      reasons += fmt::format("{}{} {}", reasons.empty() ? "" : ", ", code, thousands(n));
    text += " (" + reasons + ")";
  }
  if (s.outputs != s.forwarded) text += fmt::format("; {} written", counted(s.outputs, "output"));
  return text;
}

}  // namespace thalweg::cli
