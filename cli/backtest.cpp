#include "cli/backtest.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include <fmt/format.h>

#include "config/json_text.h"
#include "run/models_of.h"

namespace thalweg::cli {
namespace {

constexpr std::size_t chunk_records = 1024;
constexpr std::size_t chunk_bytes = std::size_t{8} << 20;

std::size_t bytes_of(const ReplayRecord& record) {
  return (record.value ? record.value->size() : 0) + (record.key ? record.key->size() : 0);
}

}  // namespace

std::string score_text(const RowAnswer& answer) {
  if (!std::isfinite(answer.score)) return "null";
  return answer.single ? fmt::format("{}", static_cast<float>(answer.score))
                       : fmt::format("{}", answer.score);
}

Backtest::Backtest(BacktestOptions options) : options_(std::move(options)) {
  report_.model = options_.model;
  report_.threshold = options_.threshold;
  report_.grid = monitor::ScoreGrid(options_.low, options_.high);
  if (!options_.labels) return;
  monitor::EvaluationOptions quality;
  quality.threshold = options_.threshold;
  baseline_quality_ = std::make_unique<monitor::Evaluation>(quality);
  candidate_quality_ = std::make_unique<monitor::Evaluation>(quality);
}

Result<std::unique_ptr<Backtest>> Backtest::make(Sides sides, const Registry& registry,
                                                 BacktestOptions options) {
  std::unique_ptr<Backtest> made(new Backtest(std::move(options)));
  const ReplayOptions replay{made->options_.model, made->options_.score};
  auto models = models_of(sides.baseline, registry);
  if (!models) return std::move(models).error();
  std::unique_ptr<ModelProvider> provider;
  made->recorded_ = sides.recorded;
  made->models_ = std::move(sides.models);
  if (sides.recorded != nullptr) {
    auto recorded =
        std::make_unique<RecordedModels>(sides.baseline, std::move(models).value(), registry);
    made->recorded_models_ = recorded.get();
    provider = std::move(recorded);
  } else {
    provider = std::move(models).value();
  }
  auto baseline = Replay::make(std::move(sides.baseline), std::move(provider), registry, replay);
  if (!baseline) return std::move(baseline).error();
  made->baseline_ = std::move(baseline).value();
  if (!sides.candidate) return made;
  auto others = models_of(*sides.candidate, registry);
  if (!others) return std::move(others).error();
  auto candidate =
      Replay::make(*std::move(sides.candidate), std::move(others).value(), registry, replay);
  if (!candidate) return std::move(candidate).error();
  made->candidate_ = std::move(candidate).value();
  made->report_.has_candidate = true;
  return made;
}

Status Backtest::add(ReplayRecord record) {
  chunk_bytes_ += bytes_of(record);
  const std::int64_t ms = record.timestamp_ms;
  if (ms >= 0) {
    report_.first_ms = report_.first_ms < 0 ? ms : std::min(report_.first_ms, ms);
    report_.last_ms = std::max(report_.last_ms, ms);
  }
  chunk_.push_back(std::move(record));
  if (chunk_.size() < chunk_records && chunk_bytes_ < chunk_bytes) return {};
  return run_chunk();
}

Status Backtest::finish() {
  return run_chunk();
}

Status Backtest::run_chunk() {
  if (chunk_.empty()) return {};
  report_.records += chunk_.size();
  // Partition by partition: so that routes change as seldom as they did.
  std::stable_sort(chunk_.begin(), chunk_.end(), [](const auto& a, const auto& b) {
    return std::tie(a.topic, a.partition, a.offset) < std::tie(b.topic, b.partition, b.offset);
  });
  Records records;
  for (const ReplayRecord& record : chunk_) records.push_back(&record);
  Outcomes ours, theirs;
  const auto baseline = [&]() -> Status {
    if (recorded_ != nullptr) return run_recorded(records, ours);
    auto outcomes = baseline_->run(records);
    if (!outcomes) return std::move(outcomes).error();
    ours = std::move(outcomes).value();
    return {};
  };
  const auto candidate = [&]() -> Status {
    if (candidate_ == nullptr) return {};
    auto outcomes = candidate_->run(records);
    if (!outcomes) return std::move(outcomes).error();
    theirs = std::move(outcomes).value();
    return {};
  };
  // By turns first, so that neither always finds the caches warm. As recorded the baseline says which records there are.
  candidate_first_ = !candidate_first_ && recorded_ == nullptr;
  Status ran = candidate_first_ ? candidate() : baseline();
  if (ran) ran = candidate_first_ ? baseline() : candidate();
  if (!ran) return ran;
  for (std::size_t i = 0; i < records.size(); ++i)
    join(*records[i], ours[i], candidate_ == nullptr ? nullptr : &theirs[i]);
  chunk_.clear();
  chunk_bytes_ = 0;
  return {};
}

// Why not; empty: `routes` says who answers, one a model.
std::string Backtest::route(const ReplayRecord& record,
                            std::vector<const monitor::RecordedRoute*>& routes) {
  routes.clear();
  for (const std::string& model : models_) {
    const auto* found = recorded_->route_of(model, record.topic, record.partition, record.offset);
    if (found == nullptr) return "the log does not say who answered";
    if (const auto it = refused_.find(found); it != refused_.end()) return it->second;
    routes.push_back(found);
  }
  return {};
}

// Runs of neighbours that the same versions answered. Leaves in `records` only those of which that is known.
Status Backtest::run_recorded(Records& records, Outcomes& outcomes) {
  using Routes = std::vector<const monitor::RecordedRoute*>;
  std::vector<Routes> wanted;
  Records known;
  Routes routes;
  for (const ReplayRecord* record : records) {
    std::string why = route(*record, routes);
    for (std::size_t m = 0; m < routes.size() && why.empty(); ++m) {
      if (!wanted.empty() && wanted.back()[m] == routes[m]) continue;
      if (Status can = recorded_models_->answer_as(models_[m], *routes[m]); !can)
        why = refused_[routes[m]] = can.error().message();
    }
    if (!why.empty()) {
      ++report_.unknown;
      ++report_.unknown_reasons[why];
      continue;
    }
    known.push_back(record);
    wanted.push_back(routes);
  }
  for (std::size_t begin = 0; begin < known.size();) {
    std::size_t end = begin + 1;
    while (end < known.size() && wanted[end] == wanted[begin]) ++end;
    for (std::size_t m = 0; m < models_.size(); ++m)
      if (Status s = recorded_models_->answer_as(models_[m], *wanted[begin][m]); !s) return s;
    auto some = baseline_->run(std::span(known).subspan(begin, end - begin));
    if (!some) return std::move(some).error();
    std::move(some->begin(), some->end(), std::back_inserter(outcomes));
    begin = end;
  }
  records = std::move(known);
  return {};
}

void Backtest::join(const ReplayRecord& record, RecordOutcome& baseline, RecordOutcome* candidate) {
  const auto by_row = [](const RowAnswer& a, const RowAnswer& b) { return a.row < b.row; };
  std::stable_sort(baseline.answers.begin(), baseline.answers.end(), by_row);
  if (baseline_quality_ != nullptr) keep_prediction(record, baseline, *baseline_quality_);
  if (candidate != nullptr) {
    std::stable_sort(candidate->answers.begin(), candidate->answers.end(), by_row);
    if (candidate_quality_ != nullptr) keep_prediction(record, *candidate, *candidate_quality_);
    auto a = baseline.answers.cbegin();
    auto b = candidate->answers.cbegin();
    while (a != baseline.answers.cend() || b != candidate->answers.cend()) {
      const bool no_a = a == baseline.answers.cend(), no_b = b == candidate->answers.cend();
      if (no_b || (!no_a && a->row < b->row)) {
        ++report_.only_baseline;
        ++a;
      } else if (no_a || b->row < a->row) {
        ++report_.only_candidate;
        ++b;
      } else {
        compare(*a++, *b++);
      }
    }
  }
  if (options_.told) options_.told(record, &baseline, candidate);
}

void Backtest::compare(const RowAnswer& baseline, const RowAnswer& candidate) {
  report_.grid.add(baseline.score, candidate.score);
  if (std::isnan(baseline.score) || std::isnan(candidate.score)) return;
  const double difference = std::abs(baseline.score - candidate.score);
  ++report_.compared;
  report_.same += difference == 0 ? 1 : 0;
  report_.difference_sum += difference;
  report_.difference_max = std::max(report_.difference_max, difference);
  const double at = options_.threshold;
  report_.flips += (baseline.score >= at) != (candidate.score >= at) ? 1 : 0;
}

// As a line of the inference log, which is what an evaluation reads.
void Backtest::keep_prediction(const ReplayRecord& record, const RecordOutcome& outcome,
                               monitor::Evaluation& evaluation) const {
  for (const RowAnswer& answer : outcome.answers) {
    std::string line = "{\"id\":" + config::json_string(record.id());
    if (!answer.only) line += fmt::format(",\"row\":{}", answer.row);
    line += fmt::format(
        R"(,"models":[{{"model":{},"version":{},"variant":{}}}],"outputs":{{"score":{}}}}})",
        config::json_string(options_.model), answer.version, config::json_string(answer.variant),
        score_text(answer));
    (void)evaluation.add_prediction(line);
  }
}

Status Backtest::add_label(std::string_view line) {
  Status added = baseline_quality_->add_label(line);
  return added && candidate_ != nullptr ? candidate_quality_->add_label(line) : added;
}

BacktestReport Backtest::report() const {
  BacktestReport report = report_;
  report.baseline = baseline_->totals();
  if (candidate_ != nullptr) report.candidate = candidate_->totals();
  if (baseline_quality_ != nullptr) report.baseline_quality = baseline_quality_->report();
  if (candidate_quality_ != nullptr && candidate_ != nullptr)
    report.candidate_quality = candidate_quality_->report();
  return report;
}

}  // namespace thalweg::cli
