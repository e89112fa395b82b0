#include "run/exactly_once.h"

#include <algorithm>
#include <bit>

#include <fmt/format.h>

#include "run/backoff.h"

namespace thalweg {
namespace {

using namespace std::chrono_literals;

constexpr auto never = std::chrono::nanoseconds::max();

// The first try comes at once.
std::chrono::nanoseconds pause_after(int tries) {
  return tries <= 0 ? 0ns : backoff(50ms, 5s, static_cast<unsigned>(tries));
}

std::shared_ptr<Helper> helper_of(const WorkerOptions& options) {
  if (options.helper) return options.helper;
  if (options.by_hand) return std::make_shared<HelperInline>();
  return std::make_shared<HelperThread>();
}

}  // namespace

ExactlyOnce::ExactlyOnce(CommitParts parts, Transaction& transaction)
    : p_(std::move(parts)), transaction_(transaction), helper_(helper_of(p_.options)) {}

ExactlyOnce::~ExactlyOnce() {
  helper_->join();
}

void ExactlyOnce::open() {
  due_ = p_.clock.monotonic() + p_.options.commit_interval;
  begin_all(p_.stores);
}

bool ExactlyOnce::turn() {
  switch (state_) {
    case State::idle: return p_.progress.anything_to_commit() && time_to_commit() && begin();
    case State::open:
      if (!time_to_commit()) return false;
      state_ = State::closing;
      return close() || true;
    case State::closing: return close();
    case State::committing: return committed();
    case State::recovering: return recovered();
    case State::rewinding: return rewind();
    case State::over: return p_.host.let_all_go() && false;
  }
  return false;
}

std::chrono::nanoseconds ExactlyOnce::due() const {
  switch (state_) {
    case State::idle: return p_.progress.anything_to_commit() ? due_ : never;
    case State::open: return due_;
    case State::recovering: return job_running_ ? never : retry_at_;
    case State::rewinding: return retry_at_;
    default: return never;  // woken by acknowledgements, or by the helper
  }
}

bool ExactlyOnce::time_to_commit() const {
  return p_.clock.monotonic() >= due_ || refused_.one_by_one() ||
         (hurry_ && p_.host.nothing_to_send());
}

// --- what batches ask ------------------------------------------------------------------------------------------

bool ExactlyOnce::may_take() const {
  switch (state_) {
    case State::recovering:
    case State::rewinding:
    case State::over: return false;
    default: break;
  }
  if (!refused_.one_by_one()) return true;
  return state_ == State::idle && p_.host.nothing_to_send() && !p_.progress.anything_to_commit();
}

DrainLimits ExactlyOnce::limits() const {
  DrainLimits limits = p_.options.drain;
  if (refused_.one_by_one()) limits.records = 1;
  return limits;
}

bool ExactlyOnce::may_step(bool begun) const {
  return begun || !stateful() || state_ == State::idle || state_ == State::open;
}

bool ExactlyOnce::may_send(bool begun) {
  switch (state_) {
    case State::idle: return begin();
    case State::open: return true;
    case State::closing: return begun || stateful();
    default: return false;
  }
}

bool ExactlyOnce::wants_acknowledgements() const {
  return in_transaction();
}

// --- a transaction ---------------------------------------------------------------------------------------------

bool ExactlyOnce::begin() {
  if (Status s = transaction_.begin(); !s) {
    fail(s.error(), false);
    return false;
  }
  // By now the interval since the last commit may be over; outputs that come first get a whole one.
  if (!p_.progress.anything_to_commit()) due_ = p_.clock.monotonic() + p_.options.commit_interval;
  state_ = State::open;
  return true;
}

// Hands the commit to the helper, once everything in the transaction was acknowledged.
bool ExactlyOnce::close() {
  if (p_.host.outputs_under_way() || (stateful() && p_.host.steps_under_way())) return false;
  offsets_.clear();
  p_.progress.take(offsets_);
  group_ = offsets_.empty() ? nullptr : p_.source.offsets_for_transaction(offsets_);
  if (!group_) {
    fail(Error(Code::delivery_failed,
               "commit: expected to be a member of the group and to hold the partitions of the "
               "transaction; got a membership that is over; its records are read again"),
         false);
    return true;
  }
  state_ = State::committing;
  began_ = p_.clock.monotonic();
  run_job([this] { return transaction_.commit(*group_); });
  return true;
}

bool ExactlyOnce::committed() {
  if (!job_done_.load(std::memory_order_acquire)) return false;
  job_running_ = false;
  group_.reset();
  if (!job_status_.ok()) {
    fail(job_status_.error(), true);
    return true;
  }
  const auto now = p_.clock.monotonic();
  p_.metrics.commits.add();
  p_.metrics.commit_ns.record(static_cast<std::uint64_t>((now - began_).count()));
  p_.progress.committed(offsets_);
  refused_.forget(p_.progress);
  failed_in_a_row_ = 0;
  due_ = now + p_.options.commit_interval;
  state_ = State::idle;
  if (Status s = commit_all(p_.stores); !s) {
    end(std::move(s).error());
  } else {
    begin_all(p_.stores);
  }
  return true;
}

// --- and what becomes of it when it fails ----------------------------------------------------------------------

// Said once, until one is committed again. `nobody_knows`: whether it was committed.
void ExactlyOnce::fail(const Error& error, bool nobody_knows) {
  if (state_ == State::over) return;
  if (error.retry() == Retry::fatal && !fatal_) fatal_ = error;
  if (state_ == State::recovering || state_ == State::rewinding) return;
  p_.metrics.transactions_aborted.add();
  if (nobody_knows) p_.metrics.commit_failures.add();
  if (failed_in_a_row_ == 0 && !fatal_) p_.options.on_error(error, false);
  retry_at_ = p_.clock.monotonic() + pause_after(failed_in_a_row_++);
  nobody_knows_ = nobody_knows;
  recoveries_ = 0;
  state_ = State::recovering;
  run_job([this] { return transaction_.recover(); });
}

void ExactlyOnce::withdraw(const char* why) {
  fail(Error(Code::delivery_failed,
             fmt::format("commit: the transaction is taken back: {}; its records are read again",
                         why)),
       false);
}

// At once: what librdkafka holds back of a transaction that has failed it reports only when it is aborted. `stopped`, here, is such a
// transaction, too.
void ExactlyOnce::not_delivered(const Error& why) {
  if (!in_transaction()) return;
  fail(why.code() == Code::stopped ? Error(Code::delivery_failed, why.message()) : why, false);
}

bool ExactlyOnce::takes_back(const BatchRun& run) {
  for (const auto& [output, error] : run.failures) {
    if (p_.host.log_refused(run, *output, error)) {
      not_delivered(Error(Code::delivery_failed, error.message()));
      continue;
    }
    not_delivered(error);
    if (error.code() == Code::stopped) continue;
    if (error.domain() == Domain::user && error.retry() == Retry::no) {
      refused_.add(run.batch.record(output->record), error, output->dead_letter);
    } else if (error.retry() == Retry::fatal && !fatal_) {
      fatal_ = error;
    }
  }
  return !run.failures.empty() || state_ == State::recovering || state_ == State::rewinding ||
         state_ == State::over;
}

void ExactlyOnce::stopped_inside() {
  if (stateful()) withdraw("its steps have seen records behind the one at which the worker stops");
}

bool ExactlyOnce::recovered() {
  (void)p_.host.let_all_go();
  if (!job_running_) {
    if (p_.clock.monotonic() < retry_at_) return false;
    run_job([this] { return transaction_.recover(); });
    return true;
  }
  if (!job_done_.load(std::memory_order_acquire)) return false;
  job_running_ = false;
  if (job_status_.ok()) {
    state_ = State::rewinding;
    (void)rewind();
  } else {
    try_again(job_status_.error());
  }
  return true;
}

bool ExactlyOnce::rewind() {
  // Inside a rebalance, or at the end, nobody reads on; the source is not asked for anything then.
  if (!p_.host.let_all_go() || hurry_ || p_.clock.monotonic() < retry_at_) return false;
  if (auto hopeless = refused_.judge()) {
    end(*std::move(hopeless));
    return true;
  }
  if (fatal_) {
    end(*fatal_);
    return true;
  }
  p_.progress.take_back();
  if (nobody_knows_) {
    auto known = p_.source.committed();
    if (!known) return try_again(known.error()), true;
    if (Status s = learn(*known); !s) return end(std::move(s).error()), true;
  }
  if (Status s = p_.source.seek(p_.progress.ledger()); !s) return try_again(s.error()), true;
  abort_all(p_.stores);
  begin_all(p_.stores);
  refused_.forget(p_.progress);
  due_ = p_.clock.monotonic() + p_.options.commit_interval;
  state_ = State::idle;
  return true;
}

// Whether the last transaction was committed stands in the offsets. A partition that went and came back meanwhile (nothing was read of it
// since) says nothing: another member may have committed there.
Status ExactlyOnce::learn(const std::vector<TopicPartitionOffset>& known) {
  bool went_through = false;
  for (const TopicPartitionOffset& o : offsets_) {
    if (p_.progress.ledger(o.at).value < 0) continue;
    went_through = std::any_of(known.begin(), known.end(),
                               [&](const auto& k) { return k.at == o.at && k.offset >= o.offset; });
    if (!went_through) break;
  }
  p_.progress.correct(known);
  nobody_knows_ = false;
  if (!went_through) return {};
  p_.metrics.commits.add();
  Status kept = commit_all(p_.stores);
  begin_all(p_.stores);  // for the abort that follows
  return kept;
}

// Why it takes so long is said after about ten seconds, and each time the tries have doubled: nothing is read meanwhile.
void ExactlyOnce::try_again(const Error& error) {
  if (error.retry() == Retry::fatal) return end(error);
  retry_at_ = p_.clock.monotonic() + pause_after(static_cast<int>(++recoveries_));
  if (recoveries_ < 8 || !std::has_single_bit(recoveries_)) return;
  p_.options.on_error(
      Error(error.code(),
            fmt::format("commit: a transaction was taken back, and {} tries to go on have failed; "
                        "it is tried again, and nothing is read before: {}",
                        recoveries_, error.message())),
      false);
}

void ExactlyOnce::end(Error error) {
  state_ = State::over;
  abort_all(p_.stores);
  p_.host.stop_with(std::move(error));
}

void ExactlyOnce::run_job(std::function<Status()> job) {
  job_running_ = true;
  job_done_.store(false, std::memory_order_relaxed);
  helper_->run([this, job = std::move(job)] {
    job_status_ = job();
    job_done_.store(true, std::memory_order_release);
    p_.loop.wake();
  });
}

// --- partitions that go, and the end ---------------------------------------------------------------------------

bool ExactlyOnce::unsettled() const {
  return in_transaction() || state_ == State::committing ||
         (state_ == State::idle && p_.progress.anything_to_commit());
}

// A commit that is under way may end by itself: the broker takes its offsets only from the owner of the partitions, and the next owner
// begins when it has ended. But nothing that was sent may wait for the offsets of a partition that is gone.
void ExactlyOnce::leave(std::span<const TopicPartition> partitions) {
  if (in_transaction()) {
    state_ = State::closing;
    if (close()) return;
  }
  lost(partitions);
}

void ExactlyOnce::lost(std::span<const TopicPartition>) {
  if (in_transaction() || (stateful() && p_.host.steps_under_way()))
    withdraw("a partition went before it could be committed");
}

void ExactlyOnce::finish() {
  if (in_transaction()) state_ = State::closing;
  if (state_ == State::closing && !close()) withdraw("there was no time to commit it");
  helper_->join();
  if (state_ == State::committing) (void)committed();
  helper_->join();
}

}  // namespace thalweg
