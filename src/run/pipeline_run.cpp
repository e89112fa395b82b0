#include "run/pipeline_run.h"

#include <algorithm>
#include <pthread.h>

#include <fmt/format.h>

#include "config/delivery.h"
#include "run/kafka_ports.h"
#include "run/topology.h"
#include "run/watched_names.h"

namespace thalweg {
namespace {

using namespace std::chrono_literals;

std::chrono::milliseconds ms(std::int64_t value) {
  return std::chrono::milliseconds(value);
}

// Unnamed steps of one kind are told apart by their number.
std::vector<std::string> places_of(const Chain& chain) {
  std::vector<std::string> places{"decode"};
  for (const ChainStep& step : chain.steps) {
    std::string place = step.name.empty() ? step.kind : step.name;
    if (std::find(places.begin(), places.end(), place) != places.end())
      place += fmt::format("-{}", places.size());
    places.push_back(std::move(place));
  }
  return places;
}

std::string partition_list(const std::vector<TopicPartition>& partitions) {
  if (partitions.empty()) return "no partition";
  std::string text;
  for (const TopicPartition& at : partitions) text += (text.empty() ? "" : ", ") + at.to_string();
  return text;
}

}  // namespace

PipelineRun::PipelineRun(PipelineFile file, const Registry& registry, ModelProvider& models,
                         const Clock& clock, Log& log)
    : file_(std::move(file)),
      name_(file_.values.string("pipeline")),
      models_(models),
      clock_(clock),
      log_(log),
      monitoring_(file_, registry, log),
      peek_(std::make_shared<Peek>(file_.values.section("control").strings("peek_mask"))) {}

PipelineRun::~PipelineRun() {
  request_stop();
  (void)join();
}

Result<std::unique_ptr<PipelineRun>> PipelineRun::build(PipelineFile file, const Registry& registry,
                                                        ModelProvider& models, const Clock& clock,
                                                        Log& log, ScoreObserver* observer) {
  std::unique_ptr<PipelineRun> run(new PipelineRun(std::move(file), registry, models, clock, log));
  const auto workers = static_cast<std::size_t>(run->file_.values.integer("workers"));
  for (std::size_t i = 0; i < workers; ++i) {
    run->watches_.push_back(std::make_unique<ModelWatch>([&run = *run](const Error& why) {
      run.log_.write(LogLevel::warning, "model.shadow_disabled", run.name_ + ": " + why.message(),
                     {{"pipeline", run.name_}});
    }));
    monitor::Observers& observers = run->monitoring_.for_worker();
    observers.add(*run->watches_.back());
    if (observer != nullptr) observers.add(*observer);
    auto chain = build_chain(run->file_, registry, models, &observers);
    if (!chain) return std::move(chain).error();
    run->chains_.push_back(std::move(chain).value());
  }
  for (const std::string& warning : watched_names_warnings(run->file_.values, run->chain()))
    log.write(LogLevel::warning, "pipeline.warning", run->name_ + ": " + warning,
              {{"pipeline", run->name_}});
  run->peek_->set_places(places_of(run->chain()));
  return run;
}

const Chain& PipelineRun::chain() const noexcept {
  return workers_.empty() ? *chains_.front() : workers_.front()->chain();
}

WorkerOptions PipelineRun::worker_options(std::size_t index) const {
  const Values& v = file_.values;
  const Values& batch = v.section("batch");
  WorkerOptions options;
  options.pipeline = name_;
  options.drain.records = static_cast<std::size_t>(batch.integer("rows_max"));
  options.drain.bytes = static_cast<std::size_t>(batch.integer("bytes_max"));
  options.in_flight = static_cast<std::size_t>(batch.integer("in_flight"));
  options.held_bytes_max = static_cast<std::size_t>(v.integer("memory_max")) /
                           static_cast<std::size_t>(v.integer("workers"));
  options.commit_interval = commit_interval_of(v);
  options.shutdown_timeout = ms(v.integer("shutdown_timeout"));
  // A file that is not right is told where the source is made.
  if (const auto kafka = kafka_config_of(file_); kafka)
    options.revoke_timeout = rebalance_step_timeout(*kafka);
  options.by_hand = by_hand_;
  options.dead_letter_target = dead_letter_target_;
  options.watch = watches_[index].get();
  options.peek = peek_;
  if (auto rules = read_error_rules(v); rules) options.errors = *std::move(rules);  // was checked
  options.dead_share = dead_share_;
  options.on_error = [this, worker = index](const Error& error, bool stops) {
    log_.write(
        stops ? LogLevel::error : LogLevel::warning, "worker.error", name_ + ": " + error.message(),
        {{"pipeline", name_}, {"worker", worker}, {"code", std::string(to_string(error.code()))}});
  };
  options.on_group = [this, worker = index](std::string_view what,
                                            const std::vector<TopicPartition>& partitions) {
    log_.write(
        LogLevel::info, "worker." + std::string(what),
        fmt::format("{}: worker {} {} {}", name_, worker, what, partition_list(partitions)),
        {{"pipeline", name_}, {"worker", worker}, {"partitions", partition_list(partitions)}});
  };
  return options;
}

Status PipelineRun::open_sinks(const Ports& ports) {
  if (!exactly_once(file_.values) || !ports.transaction_sink) {
    auto sink = ports.sink(file_);
    if (!sink) return std::move(sink).error();
    sinks_.push_back(std::move(sink).value());
    return open_sink(*sinks_.front(), chains_);
  }
  const std::string directory =
      file_.values.has("state_directory") ? file_.values.string("state_directory") : "";
  auto id = directory.empty() ? Result<ProcessId>(ProcessId::random())
                              : ProcessId::kept_in(directory, name_);
  if (!id) return std::move(id).error();
  process_id_.emplace(std::move(id).value());
  for (std::size_t i = 0; i < chains_.size(); ++i) {
    auto sink =
        ports.transaction_sink(file_, fmt::format("{}-{}-{}", name_, process_id_->text(), i));
    if (!sink) return std::move(sink).error();
    sinks_.push_back(std::move(sink).value());
    if (Status s = open_sink(*sinks_[i], std::span(chains_).subspan(i, 1)); !s) return s;
  }
  return {};
}

// A topic that the file names must be there, as those of the outputs; one that a control record names need not, or a mistake in it would
// keep every process from starting.
Status PipelineRun::open_side_topics(const Ports& ports) {
  const auto make = [make = ports.side_sink ? ports.side_sink : ports.sink, this] {
    return make(file_);
  };
  monitoring_.events().open(make, by_hand_);
  monitoring_.shadows().open(make, by_hand_);
  const auto demand = [this](SideTopics& side, const std::string& topic) {
    return try_until_answered("sink.waiting", [&] { return side.demand(topic); });
  };
  if (const std::string& topic = monitoring_.event_topic(); !topic.empty()) {
    if (Status s = demand(monitoring_.events(), topic); !s) return s;
  }
  for (const ShadowTopic& shadow : shadow_topics(file_.values)) {
    auto handle = models_.model(shadow.model);
    if (!handle) continue;
    const auto route = (*handle)->route();
    if (route->epoch >= 0 || route->shadow_topic != shadow.topic) continue;
    if (Status s = demand(monitoring_.shadows(), shadow.topic); !s) return s;
  }
  return {};
}

Status PipelineRun::open_sink(Sink& sink, std::span<const std::unique_ptr<Chain>> chains) {
  return try_until_answered("sink.waiting", [&]() -> Status {
    auto target = add_targets(file_, chains, sink);
    if (!target) return std::move(target).error();
    dead_letter_target_ = *target;
    Transaction* transaction = sink.transaction();
    return transaction == nullptr ? Status{} : transaction->open();
  });
}

// Also those of a run that had more workers: their records come to somebody here.
Status PipelineRun::open_journals(const Ports& ports) {
  if (!ports.keeps_state || !file_.values.has("state_directory")) return {};
  const std::string& directory = file_.values.string("state_directory");
  for (std::size_t i = 0; i < chains_.size() || CrashJournal::is_there(directory, name_, i); ++i) {
    auto journal = CrashJournal::open(directory, name_, i);
    if (!journal) return std::move(journal).error();
    journals_.push_back(std::move(journal).value());
  }
  suspects_ = std::make_shared<Suspects>(journals_);
  return {};
}

Status PipelineRun::add_workers(const Ports& ports) {
  if (Status opened = open_journals(ports); !opened) return opened;
  if (auto rules = read_error_rules(file_.values); rules && rules->guard())
    dead_share_ = std::make_shared<DeadShare>(*rules->guard());
  std::vector<std::unique_ptr<Worker>> workers;
  for (std::size_t i = 0; i < chains_.size(); ++i) {
    auto source = ports.source(file_, i);
    if (!source) return std::move(source).error();
    WorkerOptions options = worker_options(i);
    if (suspects_) {
      options.crash_journal = journals_[i];
      options.suspects = suspects_;
    }
    workers.push_back(std::make_unique<Worker>(std::move(options), std::move(source).value(),
                                               std::move(chains_[i]),
                                               *sinks_[sinks_.size() == 1 ? 0 : i], clock_));
  }
  chains_.clear();
  const std::lock_guard lock(workers_mutex_);
  workers_ = std::move(workers);
  for (auto& worker : workers_) worker->pause(paused_.load());
  if (stop_.load()) return Error(Code::stopped, name_ + ": stopped while starting");
  return {};
}

Status PipelineRun::open(const Ports& ports, bool by_hand) {
  by_hand_ = by_hand;
  if (Status sink = open_sinks(ports); !sink.ok()) return sink;
  if (Status side = open_side_topics(ports); !side.ok()) return side;
  if (Status workers = add_workers(ports); !workers.ok()) return workers;
  for (auto& worker : workers_) {
    Status opened = try_until_answered("source.waiting", [&] { return worker->open(); });
    if (!opened.ok()) return opened;
  }
  return {};
}

// A broker that does not answer at the start is waited for, as it is later. Said once.
Status PipelineRun::try_until_answered(std::string_view event,
                                       const std::function<Status()>& attempt) {
  bool said = false;
  for (auto pause = 200ms; true; pause = std::min<std::chrono::milliseconds>(pause * 2, 5s)) {
    Status status = attempt();
    if (status.ok() || status.error().retry() != Retry::backoff || by_hand_) return status;
    if (!said)
      log_.write(LogLevel::warning, event, name_ + ": " + status.error().message(),
                 {{"pipeline", name_}});
    said = true;
    for (auto slept = 0ms; slept < pause; slept += 50ms) {
      if (stop_.load()) return Error(Code::stopped, name_ + ": stopped before a broker answered");
      std::this_thread::sleep_for(50ms);
    }
  }
}

Status PipelineRun::start(const Ports& ports, std::function<void()> on_worker_end) {
  on_worker_end_ = std::move(on_worker_end);
  if (Status opened = open(ports, false); !opened.ok()) return opened;
  running_.store(workers_.size());
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    threads_.emplace_back([this, i] { run_worker(*workers_[i], i); });
    ::pthread_setname_np(threads_.back().native_handle(), fmt::format("worker-{}", i).c_str());
  }
  started_.store(true);
  return {};
}

void PipelineRun::run_worker(Worker& worker, std::size_t) {
  Status ended = worker.run();
  if (!ended.ok()) {
    const std::lock_guard lock(failure_mutex_);
    if (!failure_) failure_ = std::move(ended).error();
  }
  // One worker that fails stops its pipeline: the others would only take its partitions and fail in turn.
  if (worker.failure()) request_stop();
  running_.fetch_sub(1);
  on_worker_end_();
}

void PipelineRun::request_stop() noexcept {
  stop_.store(true);
  const std::lock_guard lock(workers_mutex_);
  for (auto& worker : workers_) worker->request_stop();
}

void PipelineRun::pause(bool yes) noexcept {
  const std::lock_guard lock(workers_mutex_);
  paused_.store(yes);
  for (auto& worker : workers_) worker->pause(yes);
}

Status PipelineRun::join() {
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
  monitoring_.close();
  const std::lock_guard lock(failure_mutex_);
  if (failure_) return *failure_;
  return {};
}

PipelineView PipelineRun::view() const {
  PipelineView view;
  view.pipeline = name_;
  view.paused = paused();
  for (const auto& worker : workers_) view.workers.push_back(&worker->metrics());
  for (const std::string& model : models_.names()) {
    auto handle = models_.model(model);
    if (!handle) continue;
    const auto route = (*handle)->route();
    for (auto variant = route->variants.begin(); variant != route->variants.end(); ++variant) {
      const ModelVersion& version = *variant->version;
      const bool twice = std::any_of(route->variants.begin(), variant, [&](const Variant& earlier) {
        return earlier.version->version == version.version &&
               earlier.version->runtime == version.runtime;
      });
      if (!twice) view.models.push_back({version.model, version.runtime, version.version});
    }
  }
  view.versions = models_.versions();
  view.totals = merged_by_labels(version_totals());
  view.monitoring = monitoring_.figures();
  return view;
}

std::vector<VersionTotals> PipelineRun::version_totals() const {
  std::vector<VersionTotals> totals;
  for (const auto& watch : watches_) watch->add_totals(totals);
  return merged(std::move(totals));
}

std::string PipelineRun::not_ready() const {
  if (!started()) return name_ + ": starting";
  for (const auto& worker : workers_) {
    if (!worker->metrics().joined.load()) return name_ + ": a worker has not joined the group yet";
  }
  return {};
}

bool PipelineRun::failed() const noexcept {
  return started() && std::any_of(workers_.begin(), workers_.end(), [](const auto& worker) {
           return worker->metrics().failed.load();
         });
}

std::string PipelineRun::not_live(const Watchdog& watchdog) const {
  if (!started()) return {};
  const WatchdogLimits limits = watchdog_limits(file_);
  for (const auto& worker : workers_) {
    std::string why = watchdog.not_alive(worker->metrics(), limits, clock_.monotonic());
    if (!why.empty()) return name_ + ": " + why;
  }
  return {};
}

}  // namespace thalweg
