#include "cli/replay.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "thalweg/testing.h"

#include "cli/pipeline_edit.h"
#include "model/score_observer.h"
#include "record/with_number.h"
#include "run/pipeline_run.h"

namespace thalweg::cli {
namespace {

using namespace std::chrono_literals;

constexpr int idle_turns = 3;  // without progress, before a run counts as finished
constexpr int retries_max = 20;

bool is_score(const ColumnType& type) {
  return type.dtype != DType::string && !type.ragged() && type.width() == 1;
}

// Hears what the model says to the records of one run.
class Collector final : public ScoreObserver {
 public:
  explicit Collector(ReplayOptions options) : options_(std::move(options)) {}

  void begin(std::span<const ReplayRecord* const> records) {
    places_.clear();
    outcomes_.clear();
    outcomes_.resize(records.size());
    for (std::size_t i = 0; i < records.size(); ++i) places_.emplace(records[i]->id(), i);
  }
  [[nodiscard]] std::vector<RecordOutcome>& outcomes() noexcept { return outcomes_; }
  [[nodiscard]] ReplayTotals& totals() noexcept { return totals_; }
  [[nodiscard]] const std::optional<Error>& failure() const noexcept { return failure_; }

  void scored(const Scored& s) noexcept override {
    if (s.version.model != options_.model || s.failed) return;
    totals_.rows += s.rows.size();
    totals_.rows_by_version[s.version.version] += s.rows.size();
    totals_.model_ns += s.model_ns;
    totals_.calls += s.model_calls;
    totals_.answered += s.answered.size();
    const auto column = column_of(s.output_schema);
    for (std::size_t i = 0; i < s.answered.size(); ++i) {
      const std::uint32_t row = s.answered[i];
      const std::uint32_t record = s.batch.rows().record_of[row];
      if (record != last_ || &s.batch != last_batch_)
        place_ = places_.find(id_of(s.batch.record(record)));
      last_ = record;
      last_batch_ = &s.batch;
      if (place_ == places_.end()) continue;
      add(s, row, column ? value(s.outputs[*column], i) : none);
    }
    last_ = UINT32_MAX;
  }

 private:
  static constexpr double none = std::numeric_limits<double>::quiet_NaN();

  [[nodiscard]] std::optional<std::size_t> column_of(const Schema& schema) {
    for (std::size_t i = 0; i < schema.fields.size(); ++i) {
      const Field& field = schema.fields[i];
      const bool wanted = options_.score.empty() || field.name == options_.score;
      if (!wanted || !is_score(field.type)) continue;
      single_ = field.type.dtype == DType::float32;
      return i;
    }
    if (!failure_)
      failure_ = Error(Code::config_invalid,
                       fmt::format("--score: expected an output of model '{}' that is one number a "
                                   "row{}; there is {}",
                                   options_.model,
                                   options_.score.empty() ? "" : "; got '" + options_.score + "'",
                                   quoted_list(schema.names())));
    return std::nullopt;
  }
  static double value(const Column& column, std::size_t i) {
    double number = none;
    with_number(column.type().dtype, [&](auto kind) {
      number = static_cast<double>(column.values<decltype(kind)>()[i]);
    });
    return number;
  }
  void add(const Scored& s, std::uint32_t row, double score) {
    const auto& record_of = s.batch.rows().record_of;
    const auto [first, end] = std::equal_range(record_of.begin(), record_of.end(), record_of[row]);
    auto& answers = outcomes_[place_->second].answers;
    answers.push_back({.row = static_cast<std::uint32_t>(row - (first - record_of.begin())),
                       .only = end - first == 1,
                       .single = single_,
                       .score = score,
                       .version = s.version.version,
                       .variant = s.variant == nullptr ? "" : s.variant->name});
    totals_.not_numbers += std::isfinite(score) ? 0 : 1;
  }

  const ReplayOptions options_;
  std::unordered_map<std::string, std::size_t> places_;
  std::unordered_map<std::string, std::size_t>::const_iterator place_;
  std::uint32_t last_ = UINT32_MAX;
  const Batch* last_batch_ = nullptr;
  std::vector<RecordOutcome> outcomes_;
  ReplayTotals totals_;
  bool single_ = false;
  std::optional<Error> failure_;
};

}  // namespace

Result<PipelineFile> for_replay(const PipelineFile& file) {
  Node root = file.root;
  for (const char* section : {"inference_log", "drift", "http", "control", "errors"})
    root = without(root, section);
  if (const Node* from = root.find("from"); from != nullptr && from->is_map())
    root.set("from", without(*from, "max_age"));
  root.set("workers", Node::scalar("1"));
  root.set("delivery", Node::scalar("at_least_once"));
  if (root.find("dead_letters") == nullptr)
    root.set("dead_letters", Node::scalar("no-dead-letters-configured"));
  auto changed = with_root(file, std::move(root));
  return changed ? without_shadows(std::move(changed).value()) : std::move(changed);
}

struct Replay::Impl {
  explicit Impl(ReplayOptions options) : collector(std::move(options)) {}

  ManualClock clock;
  Log log{LogLevel::error, LogFormat::automatic};
  Collector collector;
  std::unique_ptr<ModelProvider> models;
  std::unique_ptr<PipelineRun> run;
  ReplaySource* source = nullptr;  // the worker's
  ReplaySink* sink = nullptr;      // the run's

  [[nodiscard]] Worker& worker() const { return *run->workers().front(); }
  Ports ports() {
    Ports ports;
    ports.source = [this](const PipelineFile&, std::size_t) -> Result<std::unique_ptr<Source>> {
      auto made = std::make_unique<ReplaySource>();
      source = made.get();
      return std::unique_ptr<Source>(std::move(made));
    };
    ports.sink = [this](const PipelineFile&) -> Result<std::unique_ptr<Sink>> {
      auto made = std::make_unique<ReplaySink>();
      sink = made.get();
      return std::unique_ptr<Sink>(std::move(made));
    };
    return ports;
  }
  [[nodiscard]] bool finished() const {
    const WorkerMetrics& m = worker().metrics();
    return collector_records ==
           m.forwarded.get() + m.absorbed.get() + m.filtered.get() + m.dead.get();
  }
  Status turn_until_idle() const {
    for (int idle = 0; idle < idle_turns;) {
      const bool did = worker().turn();
      if (worker().failure()) return *worker().failure();
      if (!did && worker().step_pending()) {
        worker().doze(10ms);  // an asynchronous model answers from its own thread, and wakes us
        continue;
      }
      idle = did ? 0 : idle + 1;
    }
    return {};
  }

  std::uint64_t collector_records = 0;  // given so far
};

Replay::Replay(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Replay::~Replay() = default;

Result<std::unique_ptr<Replay>> Replay::make(PipelineFile file,
                                             std::unique_ptr<ModelProvider> models,
                                             const Registry& registry, ReplayOptions options) {
  auto impl = std::make_unique<Impl>(std::move(options));
  impl->models = std::move(models);
  auto run = PipelineRun::build(std::move(file), registry, *impl->models, impl->clock, impl->log,
                                &impl->collector);
  if (!run) return std::move(run).error();
  impl->run = std::move(run).value();
  if (Status opened = impl->run->open(impl->ports()); !opened) return std::move(opened).error();
  return std::unique_ptr<Replay>(new Replay(std::move(impl)));
}

Result<std::vector<RecordOutcome>> Replay::run(std::span<const ReplayRecord* const> records) {
  Impl& r = *impl_;
  r.collector.begin(records);
  r.sink->forget();
  r.source->give(records);
  r.collector_records += records.size();
  // A model that cannot answer now is asked again after a while; the clock is moved there at once.
  for (int tries = 0; tries < retries_max && !r.finished(); ++tries) {
    if (Status turned = r.turn_until_idle(); !turned) return std::move(turned).error();
    if (!r.finished()) r.clock.advance(10s);
  }
  if (!r.finished())
    return Error(Code::timed_out,
                 fmt::format("replay: expected every record to come to an end; some of {} did not, "
                             "after {} tries",
                             records.size(), retries_max));
  if (r.collector.failure()) return *r.collector.failure();
  ReplayTotals& totals = r.collector.totals();
  totals.records += records.size();
  for (std::size_t i = 0; i < records.size() && !r.sink->deaths().empty(); ++i) {
    const auto death = r.sink->deaths().find(records[i]->id());
    if (death == r.sink->deaths().end()) continue;
    r.collector.outcomes()[i].dead = death->second;
    ++totals.dead;
    ++totals.dead_by_code[death->second];
  }
  return std::move(r.collector.outcomes());
}

const ReplayTotals& Replay::totals() const noexcept {
  return impl_->collector.totals();
}

ModelProvider& Replay::models() noexcept {
  return *impl_->models;
}

}  // namespace thalweg::cli
