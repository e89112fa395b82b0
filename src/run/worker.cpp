#include "run/worker.h"

#include <algorithm>
#include <thread>

#include "run/backoff.h"
#include "run/model_watch.h"

namespace thalweg {
namespace {

using namespace std::chrono_literals;

// What a producer allocates for an output beside its bytes, about: the message and its headers.
constexpr std::size_t output_bytes = 500;
constexpr std::size_t pool_max = 8;
// How long a batch waits that may not go beside another one.
constexpr std::chrono::nanoseconds gate_pause = 2ms;

std::vector<Store*> stores_of(const Chain& chain) {
  std::vector<Store*> stores;
  for (const ChainStep& step : chain.steps) {
    if (Store* store = step.op->store()) stores.push_back(store);
  }
  return stores;
}

}  // namespace

Worker::Worker(WorkerOptions options, std::unique_ptr<Source> source, std::unique_ptr<Chain> chain,
               Sink& sink, const Clock& clock)
    : options_(std::move(options)),
      clock_(clock),
      source_(std::move(source)),
      member_(dynamic_cast<kafka::GroupMember*>(source_.get())),
      chain_(std::move(chain)),
      sink_(sink),
      crash_watch_(options_.crash_journal, options_.suspects),
      dead_share_(options_.dead_share ? options_.dead_share
                                      : std::make_shared<DeadShare>(
                                            options_.errors.guard().value_or(ErrorRules::Guard{}))),
      has_stores_(!stores_of(*chain_).empty()),
      committer_(make_committer({options_, clock_, loop_, progress_, *source_, sink_, metrics_,
                                 *this, stores_of(*chain_)})) {
  metrics_.bytes_held_max.set(options_.held_bytes_max);
}

Worker::~Worker() {
  close();
  committer_.reset();  // its helper uses the sink
  // What the broker never acknowledged: the sink must let go of its views before the batches die.
  if (awaiting_.empty() && walking_.empty()) return;
  sink_.abandon();
  (void)mailbox_.take();
}

Status Worker::open() {
  opened_ = true;
  committer_->open();
  return source_->open(loop_, *this);
}

void Worker::request_stop() noexcept {
  stop_.store(true, std::memory_order_release);
  loop_.wake();
}

void Worker::pause(bool yes) noexcept {
  paused_.store(yes, std::memory_order_relaxed);
  loop_.wake();
}

// Somebody may be looking at what has left the decoder (place 0) or a step.
void Worker::show(const BatchRun& run, std::size_t place) const {
  if (!options_.peek || !options_.peek->wanted(place)) return;
  const Schema& schema =
      place == 0 ? chain_->decoder->schema() : chain_->steps[place - 1].op->schema();
  options_.peek->show(place, run.batch, schema);
}

bool Worker::done() const noexcept {
  if (failure_) return true;
  return (stop_.load(std::memory_order_acquire) || source_->ended()) && walking_.empty() &&
         awaiting_.empty();
}

bool Worker::step_pending() const noexcept {
  return std::any_of(walking_.begin(), walking_.end(),
                     [](const auto& run) { return run->pending; });
}

void Worker::serve_source() {
  in_service_ = true;
  source_->serve();
  in_service_ = false;
}

bool Worker::turn() {
  serve_source();
  bool did = pump();
  if (may_take()) did |= take_batch();
  did |= committer_->turn();
  publish_lag();
  return did;
}

bool Worker::pump() {
  came_round();
  bool did = collect();
  did |= walk_all();
  did |= send_all();
  if (auto fatal = sink_.fatal(); fatal && !failure_) stop_with(*fatal);
  return did;
}

bool Worker::collect() {
  bool did = sink_.poll() > 0;
  if (mailbox_.take_failed()) tell_failure();
  did |= take_acknowledged();
  return did;
}

void Worker::came_round() noexcept {
  metrics_.came_round_ns.store(clock_.monotonic().count(), std::memory_order_relaxed);
}

Status Worker::run() {
  own_baton_ = std::unique_lock(baton_);
  // Once told to stop, close() goes on: it finishes what is under way, within a time limit.
  while (!done() && !stop_.load(std::memory_order_acquire)) {
    if (turn()) continue;
    // Blocked on deliveries, or at the end of the input: acknowledgements matter now, so they may wake us.
    if (source_->ended() || !walking_.empty() || !may_take()) {
      wait_for_deliveries(wait_time());
    } else {
      loop_.wait(wait_time());
    }
  }
  close();
  own_baton_.unlock();
  metrics_.came_round_ns.store(0, std::memory_order_relaxed);
  if (failure_) return *failure_;
  return {};
}

std::chrono::nanoseconds Worker::wait_time() const {
  const auto now = clock_.monotonic();
  // Acknowledgements are collected at the latest when the commit is due.
  std::chrono::nanoseconds until = 1s;
  if (const auto due = committer_->due(); due < now + until) until = due - now;
  for (const auto& run : walking_) {
    if (run->retry_at.count() > 0) until = std::min(until, run->retry_at - now);
  }
  if (!to_put_back_.empty()) until = std::min(until, put_back_at_ - now);
  return std::clamp<std::chrono::nanoseconds>(until, 0ns, 1s);
}

bool Worker::may_take() const noexcept {
  if (failure_ || stop_.load(std::memory_order_acquire) || sink_full_) return false;
  if (paused_.load(std::memory_order_relaxed)) return false;
  // Those that wait for the sink stand in front of those that still step.
  std::size_t stepping = 0;
  while (stepping < walking_.size() &&
         walking_[walking_.size() - 1 - stepping]->phase == BatchRun::Phase::stepping)
    ++stepping;
  const std::size_t encoded = awaiting_.size() + walking_.size() - stepping;
  if (crash_watch_.one_by_one() && stepping > 0) return false;  // who is to be alone is
  if (stepping >= options_.in_flight || encoded >= options_.awaiting_max) return false;
  if (!committer_->may_take()) return false;
  // One batch is always let in, or a bound smaller than a batch would stop everything for ever.
  return held_bytes_ < options_.held_bytes_max || (walking_.empty() && awaiting_.empty());
}

bool Worker::take_batch() {
  if (!to_put_back_.empty()) try_to_put_back();
  if (!to_put_back_.empty()) return false;
  std::unique_ptr<BatchRun> owned;
  if (pool_.empty()) {
    owned = std::make_unique<BatchRun>(mailbox_);
  } else {
    owned = std::move(pool_.back());
    pool_.pop_back();
  }
  BatchRun& run = *owned;
  DrainLimits limits = committer_->limits();
  const bool one_by_one = crash_watch_.one_by_one();
  if (one_by_one) limits.records = 1;
  const std::size_t taken = source_->drain(run.batch, limits);
  if (taken == 0) {
    pool_.push_back(std::move(owned));
    return false;
  }
  if (options_.watch != nullptr) options_.watch->took(!one_by_one && taken >= limits.records);
  find_parts(run);
  if (crash_watch_.must_be_put_back(run)) {
    put_back(run);
    recycle(std::move(owned));
    return true;
  }
  walking_.push_back(std::move(owned));
  begin(run);
  walk_all();
  send_all();
  return true;
}

void Worker::find_parts(BatchRun& run) {
  // First and highest offset per partition: records of one partition come in order, and in runs.
  const std::string_view* topic = nullptr;
  Partition partition{-1};
  BatchRun::Part* part = nullptr;
  for (const SourceRecord& record : run.batch.records()) {
    if (topic == nullptr || record.partition != partition || record.topic != *topic) {
      topic = &record.topic;
      partition = record.partition;
      const auto ticket = progress_.ticket(record.topic, partition);
      const auto same = [&](const BatchRun::Part& p) { return p.ticket.slot == ticket.slot; };
      const auto it = std::find_if(run.parts.begin(), run.parts.end(), same);
      part = it != run.parts.end()
                 ? &*it
                 : &run.parts.emplace_back(ticket, record.topic, partition, record.offset,
                                           record.offset, 0, record.timestamp);
    }
    part->next = record.offset.next();
    part->last_timestamp = record.timestamp;
    ++part->records;
  }
}

// What was just read is to be read again.
void Worker::put_back(const BatchRun& run) {
  for (const BatchRun::Part& p : run.parts)
    to_put_back_.push_back({{std::string(p.topic), p.at}, p.first});
  put_back_at_ = std::chrono::nanoseconds{0};
  put_back_tries_ = 0;
  try_to_put_back();
}

// Until it is done: a source that could not go back may have dropped what lies behind.
void Worker::try_to_put_back() {
  const auto now = clock_.monotonic();
  if (now < put_back_at_) return;
  const Status done = source_->seek(to_put_back_);
  if (done.ok()) return to_put_back_.clear();
  if (done.error().retry() == Retry::fatal) return stop_with(done.error());
  if (put_back_tries_ == 0) options_.on_error(done.error(), false);
  put_back_at_ = now + backoff(100ms, 10s, put_back_tries_++);
}

// They begin where their next owner, or a rewind, begins.
void Worker::put_back_no_more(std::span<const TopicPartition> partitions) {
  std::erase_if(to_put_back_, [&](const TopicPartitionOffset& o) {
    return std::find(partitions.begin(), partitions.end(), o.at) != partitions.end();
  });
}

void Worker::begin(BatchRun& run) {
  Batch& batch = run.batch;
  run.sequence = next_sequence_++;
  for (const BatchRun::Part& p : run.parts) {
    progress_.reads(p.ticket, p.first);
    progress_.begin(p.ticket, run.sequence, p.next, p.last_timestamp);
  }

  metrics_.records_in.add(batch.size());
  metrics_.bytes_in.add(batch.pinned_bytes());
  metrics_.batches.add();
  metrics_.records_under_way.set(metrics_.records_under_way.get() + batch.size());

  if (!spare_rows_.empty()) {
    batch.rows() = std::move(spare_rows_.back());
    spare_rows_.pop_back();
  }
  committer_->condemn(batch);
  if (Status s = crash_watch_.condemn(run, chain_->steps); !s) stop_with(std::move(s).error());
  const auto began = clock_.monotonic();
  chain_->decode(batch, clock_.now());
  batch.name_failures({});
  metrics_.decode_ns.record(static_cast<std::uint64_t>((clock_.monotonic() - began).count()));
  metrics_.batch_rows.record(batch.rows().count());
  show(run, 0);
}

// Walks every batch as far as it goes. None overtakes an earlier one: a batch may only run a step that all before
// it have left behind.
bool Worker::walk_all() {
  bool did = false;
  std::size_t allowed = chain_->steps.size();
  for (std::size_t i = 0; i < walking_.size() && !failure_; ++i) {
    BatchRun& run = *walking_[i];
    if (run.phase != BatchRun::Phase::stepping) continue;
    did |= walk(run, allowed);
    // Who stood in for us during a call may have dropped batches in front of this one, or put one there.
    i = place_of(run);
    if (run.phase == BatchRun::Phase::stepping) allowed = std::min(allowed, run.next_step);
  }
  return did;
}

// REQUIRES that it is there: a batch that a step has in its hands is not dropped.
std::size_t Worker::place_of(const BatchRun& run) const {
  const auto it = std::find_if(walking_.begin(), walking_.end(),
                               [&](const auto& r) { return r.get() == &run; });
  return static_cast<std::size_t>(it - walking_.begin());
}

bool Worker::walk(BatchRun& run, std::size_t steps_allowed) {
  bool did = false;
  while (true) {
    if (run.pending) {
      if (!run.resumed.exchange(false, std::memory_order_acquire)) return did;
      run.pending = false;
    } else {
      if (run.next_step >= chain_->steps.size()) break;
      if (run.next_step >= steps_allowed || !committer_->may_step(run.next_step > 0)) return did;
      if (run.retry_at.count() > 0 && clock_.monotonic() < run.retry_at) return did;
      if (!crash_watch_.enter(run)) {
        run.retry_at = clock_.monotonic() + gate_pause;
        return did;
      }
      run.retry_at = std::chrono::nanoseconds{0};
      run.step_began = clock_.monotonic();
      run.in_call = true;
      publish_calls();
      if (call_step(run) == Progress::pending) {
        run.pending = true;
        continue;
      }
    }
    did = true;
    run.in_call = false;
    publish_calls();
    Status status = chain_->steps[run.next_step].op->result(run.batch);
    crash_watch_.leave(run);
    run.batch.name_failures(chain_->steps[run.next_step].name);
    if (let_go(run)) break;  // given up while the step had it
    if (!status.ok()) return step_failed(run, std::move(status).error());
    run.attempts = 0;
    ++run.next_step;
    show(run, run.next_step);
    const auto ns = (clock_.monotonic() - run.step_began).count();
    metrics_.steps_ns.record(static_cast<std::uint64_t>(ns));
  }
  encode(run);
  return true;
}

// Meanwhile somebody else may take the baton: the batch is in the step's hands, the rest of the worker stands still.
Progress Worker::call_step(BatchRun& run) {
  const bool running = own_baton_.owns_lock();
  if (running) own_baton_.unlock();
  const Resume resume = [this, &run] { resume_run(run); };
  const Progress progress = chain_->steps[run.next_step].op->process(run.batch, resume);
  if (running) own_baton_.lock();
  return progress;
}

// Any thread. The worker may be gone as soon as `resumed` is seen, so it waits for this call to have ended (close).
void Worker::resume_run(BatchRun& run) noexcept {
  resuming_.fetch_add(1);
  run.resumed.store(true, std::memory_order_release);
  loop_.wake();
  resuming_.fetch_sub(1);
}

// The watchdog looks at the call that has been running longest.
void Worker::publish_calls() noexcept {
  std::chrono::nanoseconds oldest{0};
  for (const auto& run : walking_) {
    if (run->in_call && (oldest.count() == 0 || run->step_began < oldest)) oldest = run->step_began;
  }
  metrics_.call_began_ns.store(oldest.count(), std::memory_order_relaxed);
}

bool Worker::step_failed(BatchRun& run, Error error) {
  Error placed = std::move(error).at("step " + chain_->steps[run.next_step].name);
  const bool ours = placed.domain() == Domain::internal;
  if (placed.retry() == Retry::backoff &&
      (!ours || run.attempts + 1 < options_.model_attempts_max)) {
    if (run.attempts == 0) options_.on_error(placed, false);
    run.retry_at = clock_.monotonic() + backoff(100ms, 10s, run.attempts++);
    metrics_.retries.add();
    return true;
  }
  stop_with(std::move(placed));
  return true;
}

void Worker::encode(BatchRun& run) {
  Batch& batch = run.batch;
  if (run.next_step >= chain_->steps.size()) crash_watch_.passed(run);
  const BatchTimes& times = batch.times();
  if (times.model_calls > 0) {
    metrics_.features_ns.record(static_cast<std::uint64_t>(times.features_ns));
    metrics_.model_ns.record(static_cast<std::uint64_t>(times.model_ns));
    metrics_.model_calls.add(times.model_calls);
    metrics_.model_rows.add(times.model_rows);
  }
  const auto began = clock_.monotonic();
  encode_outputs(batch);
  add_dead_letters(run);
  metrics_.encode_ns.record(static_cast<std::uint64_t>((clock_.monotonic() - began).count()));

  // The columns are not needed any more; their memory serves the next batch while this one waits for the broker.
  if (spare_rows_.size() < options_.in_flight) {
    Rows rows = std::move(batch.rows());
    batch.rows() = {};
    rows.clear();
    spare_rows_.push_back(std::move(rows));
  }
  for (OutputRecord& output : batch.outputs()) output.listener = &run;
  run.unreported.store(1, std::memory_order_relaxed);  // ours, until all is sent
  run.phase = BatchRun::Phase::sending;
  run.held_bytes = batch.bytes() + batch.outputs().size() * output_bytes;
  held_bytes_ += run.held_bytes;
  metrics_.bytes_held.set(held_bytes_);
}

void Worker::stop_with(Error error) {
  if (failure_) return;
  options_.on_error(error, true);
  failure_ = std::move(error);
  metrics_.failed.store(true, std::memory_order_relaxed);
}

void Worker::close() {
  if (closed_ || !opened_) return;
  closed_ = true;
  stop_.store(true, std::memory_order_release);
  committer_->hurry(true);
  const bool all = finish_within(options_.shutdown_timeout,
                                 [&] { return committer_->unsettled() || can_finish_more(); });
  committer_->finish();
  source_->close();
  metrics_.joined.store(false, std::memory_order_relaxed);
  metrics_.records_under_way.set(0);
  for (const auto* runs : {&walking_, &awaiting_}) {
    for (const auto& run : *runs) metrics_.given_up.add(run->batch.size());
  }
  wait_for_calls();
  crash_watch_.close();
  if (!all && !options_.by_hand) {
    stop_with(Error(
        Code::timed_out,
        "stop: what was under way was expected to be done within shutdown_timeout; it was not; its "
        "records will be read again"));
  }
}

// A call that runs elsewhere has our batch in its hands and cannot be cancelled. The watchdog bounds this wait.
void Worker::wait_for_calls() {
  const auto out = [](const auto& run) {
    return run->pending && !run->resumed.load(std::memory_order_acquire);
  };
  while (std::any_of(walking_.begin(), walking_.end(), out)) loop_.wait(100ms);
  while (resuming_.load() > 0) std::this_thread::yield();
}

void Worker::recycle(std::unique_ptr<BatchRun> run) {
  held_bytes_ -= std::min(held_bytes_, run->held_bytes);
  metrics_.bytes_held.set(held_bytes_);
  crash_watch_.gone(*run);
  run->reset();
  if (pool_.size() < pool_max) pool_.push_back(std::move(run));
}

}  // namespace thalweg
