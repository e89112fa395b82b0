// When outputs may go, and when offsets are committed: the one thing in which the deliveries differ.
//
//   AtLeastOnce (at_least_once.h)   outputs go as they come; offsets are committed when their outputs are acknowledged
//   ExactlyOnce (exactly_once.h)    outputs go while a transaction is open; offsets are committed with it, or all is taken back
//
// A committer belongs to one worker and is called on its thread.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "thalweg/ports.h"

#include "run/batch_run.h"
#include "run/progress.h"
#include "run/worker_metrics.h"
#include "run/worker_options.h"

namespace thalweg {

// What a committer may ask of its worker.
class CommitHost {
 public:
  virtual ~CommitHost() = default;
  // Outputs are with the sink, not acknowledged; or a batch has sent some and not all.
  [[nodiscard]] virtual bool outputs_under_way() const = 0;
  // A batch has been through a step and has not sent its outputs yet.
  [[nodiscard]] virtual bool steps_under_way() const = 0;
  // Nothing that a worker that takes no more records would still do.
  [[nodiscard]] virtual bool nothing_to_send() const = 0;
  // Gives up all batches. True when none is left: a step, or the sink, may still have one.
  [[nodiscard]] virtual bool let_all_go() = 0;
  // Serves the group once, without taking records.
  virtual void serve_group() = 0;
  // True: the output is a line of the inference log, which is left out when its record is read again; nothing else becomes of it.
  [[nodiscard]] virtual bool log_refused(const BatchRun& run, const OutputRecord& output,
                                         const Error& error) = 0;
  virtual void stop_with(Error error) = 0;
};

// The worker's parts that committing needs. All outlive the committer.
struct CommitParts {
  const WorkerOptions& options;
  const Clock& clock;
  EventLoop& loop;
  OffsetProgress& progress;
  Source& source;
  Sink& sink;
  WorkerMetrics& metrics;
  CommitHost& host;
  std::vector<Store*> stores;
};

class Committer {
 public:
  virtual ~Committer() = default;
  virtual void open() = 0;
  // Does what is due; true if that was anything.
  virtual bool turn() = 0;
  // The same inside of a wait for the last outputs, where the source must not be asked for anything.
  virtual bool settle() { return false; }
  // When turn() wants to be called at the latest, by the monotonic clock.
  [[nodiscard]] virtual std::chrono::nanoseconds due() const = 0;

  // --- what batches ask --------------------------------------------------------------------------------------
  [[nodiscard]] virtual bool may_take() const { return true; }
  [[nodiscard]] virtual DrainLimits limits() const = 0;
  // Fails the records that are known to be unwritable, before they are decoded.
  virtual void condemn(Batch& batch) const { (void)batch; }
  // `begun`: the batch has been through a step already.
  [[nodiscard]] virtual bool may_step(bool begun) const {
    (void)begun;
    return true;
  }
  // `begun`: the batch has sent some of its outputs already.
  [[nodiscard]] virtual bool may_send(bool begun) {
    (void)begun;
    return true;
  }
  // Acknowledgements are waited for: they should wake the worker.
  [[nodiscard]] virtual bool wants_acknowledgements() const { return true; }
  // An output was not delivered; others of its batch may not be reported yet.
  virtual void not_delivered(const Error& why) { (void)why; }
  // All of the batch was reported. True: nothing of it may stay, so it is dropped, and read again. False: its failures, if any, become dead
  // letters (or stop the worker).
  [[nodiscard]] virtual bool takes_back(const BatchRun& run) {
    (void)run;
    return false;
  }
  // The worker stops at a record inside of a batch that has been through its steps.
  virtual void stopped_inside() {}

  // --- partitions that go, and the end -----------------------------------------------------------------------
  // From now on commit as soon as there is nothing more to wait for; and back to normal.
  virtual void hurry(bool wanted) { (void)wanted; }
  // Something that was done is not committed yet, and may be soon.
  [[nodiscard]] virtual bool unsettled() const { return false; }
  // The last word on these partitions before they go. REQUIRES that what could be finished is.
  virtual void leave(std::span<const TopicPartition> partitions) = 0;
  // They are gone.
  virtual void lost(std::span<const TopicPartition> partitions) { (void)partitions; }
  // The last word on all. Blocks, some seconds at most.
  virtual void finish() = 0;
};

[[nodiscard]] std::unique_ptr<Committer> make_committer(CommitParts parts);

// --- for committers ------------------------------------------------------------------------------------------

// What steps remember is committed with the offsets: first the one, then the other, or neither.
void begin_all(std::span<Store* const> stores);
[[nodiscard]] Status commit_all(std::span<Store* const> stores);
void abort_all(std::span<Store* const> stores) noexcept;

}  // namespace thalweg
