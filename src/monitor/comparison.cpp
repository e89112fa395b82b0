#include "monitor/comparison.h"

#include <algorithm>
#include <ranges>

#include <fmt/format.h>

#include "config/json_text.h"
#include "monitor/watched_value.h"

namespace thalweg::monitor {
namespace {

// Pairs of versions: more than serve at once, and a bound on what many swaps leave behind.
constexpr std::size_t pairs_max = 16;

VersionPair& pair_of(std::vector<VersionPair>& pairs, const std::string& model,
                     std::int64_t champion, std::int64_t challenger,
                     const ComparisonOptions& options) {
  const auto it = std::find_if(pairs.begin(), pairs.end(), [&](const VersionPair& p) {
    return p.champion == champion && p.challenger == challenger && p.model == model;
  });
  if (it != pairs.end()) return *it;
  if (pairs.size() == pairs_max) pairs.erase(pairs.begin());
  VersionPair& made = pairs.emplace_back();
  made.model = model;
  made.champion = champion;
  made.challenger = challenger;
  made.grid = ScoreGrid(options.low, options.high);
  return made;
}

}  // namespace

class ComparisonMonitor::Shadow final : public ScoreObserver {
 public:
  explicit Shadow(const ComparisonOptions& options) : options_(options) {}

  void scored(const Scored&) noexcept override {}
  void compared(const Compared& compared) noexcept override {
    const Column* score = score_of(compared.champion_outputs);
    if (score == nullptr) return;
    const auto at = static_cast<std::size_t>(score - compared.champion_outputs.data());
    add(compared, *score, compared.challenger_outputs[at]);
  }
  void add_to(std::vector<VersionPair>& all) {
    const std::lock_guard lock(mutex_);
    for (const VersionPair& pair : pairs_) {
      VersionPair& sum = pair_of(all, pair.model, pair.champion, pair.challenger, options_);
      sum.grid.merge(pair.grid);
      sum.champion_ns += pair.champion_ns;
      sum.challenger_ns += pair.challenger_ns;
    }
  }

 private:
  void add(const Compared& compared, const Column& champion, const Column& challenger) {
    const std::lock_guard lock(mutex_);
    VersionPair& pair = pair_of(pairs_, compared.champion.model, compared.champion.version,
                                compared.challenger.version, options_);
    const auto rows = std::views::iota(0U, static_cast<std::uint32_t>(champion.rows()));
    scores_.clear();
    each_value(
        champion, rows, [&](double x) { scores_.push_back(x); }, [](std::string_view) {});
    std::size_t at = 0;
    each_value(
        challenger, rows, [&](double x) { pair.grid.add(scores_[at++], x); },
        [](std::string_view) {});
    pair.champion_ns += compared.champion_ns_per_row * static_cast<double>(champion.rows());
    pair.challenger_ns += compared.challenger_ns_per_row * static_cast<double>(champion.rows());
  }

  const ComparisonOptions options_;
  std::mutex mutex_;
  std::vector<VersionPair> pairs_;  // mutex_
  std::vector<double> scores_;      // reused
};

class ComparisonMonitor::Worker final : public ScoreObserver {
 public:
  explicit Worker(const ComparisonOptions& options) : shadow_(options) {}
  void scored(const Scored&) noexcept override {}
  [[nodiscard]] Shadow* on_shadow() noexcept override { return &shadow_; }

 private:
  Shadow shadow_;
};

ComparisonMonitor::ComparisonMonitor(ComparisonOptions options) : options_(options) {}

ComparisonMonitor::~ComparisonMonitor() = default;

ScoreObserver& ComparisonMonitor::observer() {
  const std::lock_guard lock(mutex_);
  return *workers_.emplace_back(std::make_unique<Worker>(options_));
}

std::vector<VersionPair> ComparisonMonitor::report() const {
  const std::lock_guard lock(mutex_);
  std::vector<VersionPair> all;
  for (const auto& worker : workers_) worker->on_shadow()->add_to(all);
  return all;
}

std::string comparison_json(const std::vector<VersionPair>& pairs, double threshold) {
  std::string out = "[";
  for (const VersionPair& p : pairs) {
    if (out.size() > 1) out += ',';
    out += fmt::format(
        "{{\"model\":{},\"champion\":{},\"challenger\":{},\"rows\":{},\"not_numbers\":{},"
        "\"low\":{},\"high\":{},\"outside_rows\":{},\"mean_difference\":{:.6},\"threshold\":{},"
        "\"flip_share\":{:.6},\"psi\":{:.6},"
        "\"spearman\":{:.6},\"latency_ratio\":{:.4}}}",
        config::json_string(p.model), p.champion, p.challenger, p.grid.rows(), p.grid.not_numbers(),
        p.grid.low(), p.grid.high(), p.grid.outside(), p.grid.mean_difference(), threshold,
        p.grid.flip_share(threshold), p.grid.psi(), p.grid.spearman(), p.latency_ratio());
  }
  return out + "]";
}

}  // namespace thalweg::monitor
