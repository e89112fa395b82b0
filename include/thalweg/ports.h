// The seams of Thalweg in one file: every place where a stage meets the engine, and where every fake enters.
//
//    topic ─▶ Source ─▶ Decoder ─▶ Operator … (infer → LoadedModel) ─▶ Encoder ─▶ Sink ─▶ topic
//                                     │ Store                                       └─▶ delivered ─▶ commit (Source)
//
// Read it top to bottom: it is the way of a record. A stage knows these interfaces and what flows (batch.h); it does
// not know other stages. `run/` wires them. Unless said otherwise each object belongs to ONE worker and is called on
// that worker's thread only, so implementations need no locks, and nothing here may block for longer than said.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "thalweg/batch.h"
#include "thalweg/error.h"
#include "thalweg/ids.h"
#include "thalweg/model.h"
#include "thalweg/settings.h"

namespace thalweg {

class Registry;

// --- time and waking -------------------------------------------------------------------------------------------

// Any thread. The manual clock of the test kit only moves when told to.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Timestamp now() const noexcept = 0;                       // wall clock
  [[nodiscard]] virtual std::chrono::nanoseconds monotonic() const noexcept = 0;  // never goes back
};

// Wakes one worker's event loop. Any thread, never blocks; many wakes before the loop looks count as one.
class Waker {
 public:
  virtual ~Waker() = default;
  virtual void wake() noexcept = 0;
  // For clients that write to a file descriptor by themselves (librdkafka's queue events): writing 8 bytes with value 1 to it
  // is a wake. -1: use wake().
  [[nodiscard]] virtual int fd() const noexcept = 0;
};

// --- source ----------------------------------------------------------------------------------------------------

struct DrainLimits {
  std::size_t records = 1024;
  std::size_t bytes = std::size_t{16} << 20;  // payload; one record is always taken
};

// What a source tells its worker. Called from inside Source::serve and Source::drain only.
class SourceListener {
 public:
  virtual ~SourceListener() = default;
  // The partitions are now ours; reading begins at the committed offset, or where `start` says.
  virtual void assigned(std::span<const TopicPartition> partitions) = 0;
  // They are about to go. On return they are gone: what is under way must be finished and committed, or given up, before.
  virtual void revoked(std::span<const TopicPartition> partitions) = 0;
  // They are gone already: never commit.
  virtual void lost(std::span<const TopicPartition> partitions) = 0;
  // retry backoff: said once, the source goes on trying. fatal: the worker stops with it.
  virtual void source_error(const Error& error) = 0;
};

struct Lag {
  TopicPartition at;
  std::int64_t records = -1;  // behind the end; -1: not known yet
};

// Offsets that somebody else commits, in a transaction of his, and the reader's membership of the group at this moment, by which
// the broker knows a zombie. Made by a source, understood by the sink of the same kind. May be used on another thread.
class GroupOffsets {
 public:
  virtual ~GroupOffsets() = default;
};

class Source {
 public:
  virtual ~Source() = default;
  // Begins reading (joins the group). From now on `waker` is woken whenever drain or serve would have something to do after
  // having had nothing. Both outlive the source. Errors: topic_missing, broker_refused, config_invalid.
  [[nodiscard]] virtual Status open(Waker& waker, SourceListener& listener) = 0;
  // Group events, errors, statistics: delivers them to the listener. Cheap when there is nothing.
  virtual void serve() = 0;
  // Moves what has arrived into the batch, up to the limits; never waits. Returns the number of records added. Below the
  // limits means: nothing more is queued now.
  [[nodiscard]] virtual std::size_t drain(Batch& batch, const DrainLimits& limits) = 0;
  // The offsets are the next ones to read. `wait`: returns after the broker answered (revocation, shutdown), otherwise at once.
  // Offsets of partitions no longer ours are ignored by the broker and by us.
  [[nodiscard]] virtual Status commit(std::span<const TopicPartitionOffset> next, bool wait) = 0;
  // The same offsets for a sink's transaction. Null: not a member of the group now, so nothing may be committed.
  [[nodiscard]] virtual std::unique_ptr<GroupOffsets> offsets_for_transaction(
      std::span<const TopicPartitionOffset> next) {
    (void)next;
    return nullptr;
  }
  // What the group has committed, by the broker's word, for the partitions held; those without are left out. Waits, some seconds at
  // most, also for transactions that are being ended. Errors: broker_unreachable, timed_out.
  [[nodiscard]] virtual Result<std::vector<TopicPartitionOffset>> committed() {
    return std::vector<TopicPartitionOffset>{};
  }
  // Goes back to these offsets (after an abort). What was queued for these partitions is dropped.
  [[nodiscard]] virtual Status seek(std::span<const TopicPartitionOffset> to) = 0;
  // True when there will never be more (a file at its end; a dry run at its limit).
  [[nodiscard]] virtual bool ended() const noexcept = 0;
  // Fills the lag of the partitions held.
  virtual void lag(std::vector<Lag>& out) const = 0;
  // Leaves the group; may call the listener's revoked(). Idempotent. May block up to a few seconds.
  virtual void close() = 0;
};

// --- decode ----------------------------------------------------------------------------------------------------

// Bytes → typed columns. Const after construction but for its scratch: one per worker.
class Decoder {
 public:
  virtual ~Decoder() = default;
  [[nodiscard]] virtual const Schema& schema() const noexcept = 0;
  // Fills batch.rows() (columns as schema(), one row a record, record_of) from the pending records. A record that cannot
  // be decoded gets batch.fail() and NO row. Never allocates per row once warm. Null values are already dealt with.
  virtual void decode(Batch& batch) = 0;
};

// --- process ---------------------------------------------------------------------------------------------------

// How an operator hands a batch back after it said Progress::pending. Any thread, exactly once.
using Resume = std::function<void()>;
enum class Progress : std::uint8_t { done, pending };

// What a step does to the grain of the rows: `explode` makes finer ones (and puts the present ones aside), `collect` takes those back.
enum class Grain : std::uint8_t { same, finer, coarser };

class Store;

// Asked once per batch by the worker before processing, so that slow work can report itself.
class Operator {
 public:
  virtual ~Operator() = default;
  // The columns after this step. Fixed at construction.
  [[nodiscard]] virtual const Schema& schema() const noexcept = 0;
  // Fixed at construction. Who builds the steps keeps the schemas put aside, for OperatorContext::coarser.
  [[nodiscard]] virtual Grain grain() const noexcept { return Grain::same; }
  // Works on the live rows. Failures are per record (batch.fail, then sweep), or, when they concern all, returned: the
  // worker retries (backoff) or stops (fatal) and nothing becomes a dead letter.
  // pending: the operator keeps a reference to the batch until it calls `resume`, after which `result()` is asked.
  [[nodiscard]] virtual Progress process(Batch& batch, const Resume& resume) = 0;
  // The outcome of the last process() of this batch; called on the worker's thread after done / resume.
  [[nodiscard]] virtual Status result(Batch& batch) {
    (void)batch;
    return {};
  }
  // What the step remembers from record to record, if anything. The worker begins, commits and aborts it together with the outputs and
  // the offsets; the step only reads and writes.
  [[nodiscard]] virtual Store* store() noexcept { return nullptr; }
  // Shown by `describe`: settings worth a word ("above 0").
  [[nodiscard]] virtual std::string describe() const { return {}; }
};

// --- state -----------------------------------------------------------------------------------------------------

// A key-value store of one task. Writes between begin and commit live in an overlay: after abort they never were.
class Store {
 public:
  virtual ~Store() = default;
  virtual void begin() = 0;
  // `changelog` is stored with the writes in one atomic step: where a restore may go on.
  [[nodiscard]] virtual Status commit(Offset changelog) = 0;
  virtual void abort() noexcept = 0;
  // The view is valid until the next call on this store. Reads see the open transaction's own writes.
  [[nodiscard]] virtual Result<std::optional<std::string_view>> get(std::string_view key) = 0;
  [[nodiscard]] virtual Status put(std::string_view key, std::string_view value) = 0;
  [[nodiscard]] virtual Status erase(std::string_view key) = 0;
  [[nodiscard]] virtual Offset changelog() const noexcept = 0;
};

// --- encode ----------------------------------------------------------------------------------------------------

// Columns → one message value per row. One per worker and output.
class Encoder {
 public:
  virtual ~Encoder() = default;
  // The value for one live row; bytes live in the batch's arena, or in the payload itself (`value: input`: no copy).
  // Errors (the record becomes a dead letter): encode_failed, nonfinite.
  [[nodiscard]] virtual Result<std::string_view> encode(Batch& batch, std::uint32_t row) = 0;
};

// --- sink ------------------------------------------------------------------------------------------------------

// The other face of a sink that can take everything back: what is sent between begin and commit is readable, with the offsets, after the
// commit, and never otherwise. One worker's, whose thread calls begin (and the sink's send, only after it); the calls that block come
// from a helper thread, one at a time, and while one runs nothing is sent.
class Transaction {
 public:
  virtual ~Transaction() = default;
  // Before the first begin: makes itself known to the broker, which ends what an earlier holder of the same id left open. Blocks.
  // Errors: retry backoff: call it again.
  [[nodiscard]] virtual Status open() = 0;
  // At once.
  [[nodiscard]] virtual Status begin() = 0;
  // REQUIRES that everything sent was acknowledged. Blocks. An error says that it failed or that nobody knows: recover(), then ask the
  // source what is committed.
  [[nodiscard]] virtual Status commit(GroupOffsets& offsets) = 0;
  // Ends what is open without a trace (all that was not acknowledged is reported as `stopped`), if need be with a new client under the same
  // id; afterwards begin works again. Blocks. Errors: retry backoff: call it again; fatal: it never will.
  [[nodiscard]] virtual Status recover() = 0;
};

// Where outputs go. ONE per process for at-least-once (all workers share it), one per worker under exactly-once.
// Thread-safe: any worker calls send and poll.
class Sink {
 public:
  virtual ~Sink() = default;
  // Before the first send; returns the number to put into OutputRecord::target. Errors: topic_missing, broker_refused.
  [[nodiscard]] virtual Result<std::uint16_t> add_target(const std::string& topic) = 0;
  // Takes one output over. The views stay valid until the listener was told. On an error the listener is NOT told:
  //   queue_full      poll(), then try again          output_refused   this output never; dead-letter its record
  [[nodiscard]] virtual Status send(OutputRecord& output) = 0;
  // Delivers what was acknowledged to the listeners. Never waits. Returns how many.
  virtual std::size_t poll() = 0;
  // Becomes readable when poll() has something to do; -1: never needed. Any number of loops may watch it.
  [[nodiscard]] virtual int fd() const noexcept = 0;
  // Waits until everything sent was acknowledged or the time is over (then: timed_out).
  [[nodiscard]] virtual Status flush(std::chrono::milliseconds timeout) = 0;
  [[nodiscard]] virtual std::size_t queued_bytes() const noexcept = 0;
  // Gives up on what was not acknowledged: each is reported as `stopped` before this returns, so that its memory may go. At the end
  // of the process only, when no worker sends any more.
  virtual void abandon() = 0;
  // A failure that ends the sink for good, if there is one.
  [[nodiscard]] virtual std::optional<Error> fatal() const { return std::nullopt; }
  // Null: it cannot; then everything sent is readable at once.
  [[nodiscard]] virtual Transaction* transaction() noexcept { return nullptr; }
};

// --- features --------------------------------------------------------------------------------------------------

// Collects rows that a feature step refuses: (row, why). The infer step turns them into dead letters.
struct RowFailure {
  std::uint32_t row;
  Error error;
};
struct FeatureScratch {
  Arena* arena = nullptr;  // for strings the step makes
  std::vector<RowFailure> failures;
};

// One step of a feature expression: columns in, one column out. Const and shared by all workers.
class FeatureStep {
 public:
  virtual ~FeatureStep() = default;
  [[nodiscard]] virtual const ColumnType& type() const noexcept = 0;  // of the output
  // Writes exactly as many rows into `out` (already reset to type()) as the inputs have. A refused row still
  // gets a (zero) row, and an entry in scratch.failures.
  virtual void apply(std::span<const Column* const> inputs, std::size_t rows, Column& out,
                     FeatureScratch& scratch) const = 0;
};

}  // namespace thalweg
