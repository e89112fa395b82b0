#include "monitor/comparison.h"

#include <algorithm>
#include <atomic>
#include <ranges>

#include <fmt/format.h>

#include "config/json_text.h"
#include "monitor/watched_value.h"

namespace thalweg::monitor {
namespace {

// Pairs of versions: more than serve at once, and a bound on what many swaps leave behind.
constexpr std::size_t pairs_max = 16;

VersionPair& pair_of(std::vector<VersionPair>& pairs, const ComparedVersions& versions,
                     const ComparisonOptions& options) {
  const auto it = std::find(pairs.begin(), pairs.end(), versions);
  if (it != pairs.end()) return *it;
  if (pairs.size() == pairs_max)
    pairs.erase(std::max_element(pairs.begin(), pairs.end(), [](const auto& a, const auto& b) {
      return a.idle_ms < b.idle_ms;
    }));
  VersionPair& made = pairs.emplace_back();
  static_cast<ComparedVersions&>(made) = versions;
  made.grid = ScoreGrid(options.low, options.high);
  return made;
}

template <class List, class Item>
bool contains(const List& list, const Item& item) {
  return std::find(list.begin(), list.end(), item) != list.end();
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
      const bool first = !contains(all, static_cast<const ComparedVersions&>(pair));
      VersionPair& sum = pair_of(all, pair, options_);
      sum.idle_ms = first ? pair.idle_ms : std::min(sum.idle_ms, pair.idle_ms);
      sum.grid.merge(pair.grid);
      sum.champion_ns += pair.champion_ns;
      sum.challenger_ns += pair.challenger_ns;
    }
  }
  [[nodiscard]] bool has_pairs() const noexcept {
    return has_pairs_.load(std::memory_order_relaxed);
  }
  // On the worker's thread: the model has answered.
  void answered(const std::string& model) {
    const std::lock_guard lock(mutex_);
    if (!contains(asked_, model)) asked_.push_back(model);
  }
  // Since the last time: whose models answered, and who was compared.
  void collect(std::vector<std::string>& asked, std::vector<ComparedVersions>& compared) {
    const std::lock_guard lock(mutex_);
    asked.insert(asked.end(), asked_.begin(), asked_.end());
    compared.insert(compared.end(), compared_.begin(), compared_.end());
    asked_.clear();
    compared_.clear();
  }
  void age(const std::vector<std::string>& asked, const std::vector<ComparedVersions>& compared,
           std::int64_t passed) {
    const std::lock_guard lock(mutex_);
    for (VersionPair& pair : pairs_) {
      if (contains(compared, static_cast<const ComparedVersions&>(pair))) {
        pair.idle_ms = 0;
      } else if (contains(asked, pair.model)) {
        pair.idle_ms += passed;
      }
    }
    std::erase_if(pairs_, [](const VersionPair& pair) { return pair.idle_ms >= kept_ms; });
    has_pairs_.store(!pairs_.empty(), std::memory_order_relaxed);
  }

 private:
  void add(const Compared& compared, const Column& champion, const Column& challenger) {
    const std::lock_guard lock(mutex_);
    const ComparedVersions versions{compared.champion.model, compared.champion.version,
                                    compared.challenger.version, compared.champion.identity(),
                                    compared.challenger.identity()};
    if (!contains(compared_, versions)) compared_.push_back(versions);
    VersionPair& pair = pair_of(pairs_, versions, options_);
    has_pairs_.store(true, std::memory_order_relaxed);
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
  std::vector<VersionPair> pairs_;          // mutex_
  std::vector<std::string> asked_;          // mutex_; models, since the last tick
  std::vector<ComparedVersions> compared_;  // mutex_; the same
  std::atomic<bool> has_pairs_{false};
  std::vector<double> scores_;  // reused
};

class ComparisonMonitor::Worker final : public ScoreObserver {
 public:
  explicit Worker(const ComparisonOptions& options) : shadow_(options) {}
  void scored(const Scored& scored) noexcept override {
    if (shadow_.has_pairs()) shadow_.answered(scored.version.model);
  }
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

// Of a pair that one worker's shadow compares the others' counts stay too.
void ComparisonMonitor::tick(Timestamp now) {
  const std::lock_guard lock(mutex_);
  const std::int64_t passed = ticked_.ms == 0 ? 0 : now.ms - ticked_.ms;
  ticked_ = now;
  std::vector<std::string> asked;
  std::vector<ComparedVersions> compared;
  for (const auto& worker : workers_) worker->on_shadow()->collect(asked, compared);
  for (const auto& worker : workers_) worker->on_shadow()->age(asked, compared, passed);
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
        "{{\"model\":{},\"champion\":{},\"champion_content\":{},\"challenger\":{},"
        "\"challenger_content\":{},\"rows\":{},\"not_numbers\":{},"
        "\"low\":{},\"high\":{},\"outside_rows\":{},\"mean_difference\":{:.6},\"threshold\":{},"
        "\"flip_share\":{:.6},\"psi\":{:.6},"
        "\"spearman\":{:.6},\"latency_ratio\":{:.4}}}",
        config::json_string(p.model), p.champion, config::json_string(p.champion_content),
        p.challenger, config::json_string(p.challenger_content), p.grid.rows(),
        p.grid.not_numbers(), p.grid.low(), p.grid.high(), p.grid.outside(),
        p.grid.mean_difference(), threshold, p.grid.flip_share(threshold), p.grid.psi(),
        p.grid.spearman(), p.latency_ratio());
  }
  return out + "]";
}

}  // namespace thalweg::monitor
