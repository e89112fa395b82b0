// A worker: one thread, one consumer, the partitions assigned to it, shared nothing.
//
// An event loop (design: ARCHITECTURE.md, "The worker"): it drains what has arrived into a batch, walks the batch through the
// chain, hands the outputs to the sink, and commits what was acknowledged. It sleeps only when none of that has anything to do.
// Back-pressure is not draining: messages wait in the client, the group is still served.
//
// At least once: an offset is committed when every output of every record before it was acknowledged, dead letters included.
//
// Threads: all methods belong to the worker's thread, except request_stop, the metrics, and the calls that the
// sink (delivered) and asynchronous steps (resume) make.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "thalweg/ports.h"

#include "run/batch_run.h"
#include "run/chain.h"
#include "run/event_loop.h"
#include "run/progress.h"
#include "run/worker_metrics.h"

namespace thalweg {

struct WorkerOptions {
  std::string pipeline;
  DrainLimits drain;
  std::size_t in_flight = 2;       // batches between decode and encode
  std::size_t awaiting_max = 256;  // batches whose outputs are not acknowledged yet
  std::size_t held_bytes_max = std::size_t{64} << 20;
  std::chrono::milliseconds commit_interval{1000};
  std::chrono::milliseconds shutdown_timeout{30000};
  std::chrono::milliseconds revoke_timeout{10000};
  std::uint32_t model_attempts_max =
      5;                 // of a step that fails for all rows, before the worker stops
  bool by_hand = false;  // turned by a test: never sleep, since nothing will change meanwhile
  std::optional<std::uint16_t> dead_letter_target;  // none: stop at the first bad record
  // Told in the worker's thread; for logging.
  std::function<void(const Error&, bool stops)> on_error = [](const Error&, bool) {};
  std::function<void(std::string_view event, const std::vector<TopicPartition>&)> on_group =
      [](std::string_view, const std::vector<TopicPartition>&) {};
};

class Worker final : private SourceListener {
 public:
  // `sink` and `clock` outlive the worker.
  Worker(WorkerOptions options, std::unique_ptr<Source> source, std::unique_ptr<Chain> chain,
         Sink& sink, const Clock& clock);
  ~Worker() override;

  // Joins the group. Errors as Source::open.
  [[nodiscard]] Status open();
  // One round without waiting; true if anything was done. The test driver turns workers by hand.
  bool turn();
  // A batch is with an asynchronous step; doze sleeps until it comes back, or the time is over.
  [[nodiscard]] bool step_pending() const noexcept;
  void doze(std::chrono::nanoseconds at_most) { loop_.wait(at_most); }
  // Turns until stopped, ended or failed; then finishes what is under way, commits and leaves. Blocks.
  [[nodiscard]] Status run();
  // Finishes, commits, leaves. run() does it; for those who turn by hand.
  void close();

  // Any thread. Draining: no more records are taken, what is under way is finished.
  void request_stop() noexcept;
  // Nothing more will come and nothing is under way.
  [[nodiscard]] bool done() const noexcept;
  [[nodiscard]] const std::optional<Error>& failure() const noexcept { return failure_; }
  [[nodiscard]] const WorkerMetrics& metrics() const noexcept { return metrics_; }
  [[nodiscard]] const Chain& chain() const noexcept { return *chain_; }

 private:
  // worker.cpp: taking and walking
  bool take_batch();
  [[nodiscard]] bool may_take() const noexcept;
  void begin(BatchRun& run);
  bool walk_all();
  bool walk(BatchRun& run, std::size_t steps_allowed);
  void resume_run(BatchRun& run) noexcept;
  void publish_calls() noexcept;
  void wait_for_calls();
  bool step_failed(BatchRun& run, Error error);
  void encode(BatchRun& run);
  void stop_with(Error error);
  [[nodiscard]] std::chrono::nanoseconds wait_time() const;

  // worker_delivery.cpp: sending, dead letters, finishing
  void add_dead_letters(BatchRun& run);
  void stop_at_dead(BatchRun& run);
  bool send_all();
  bool send_outputs(BatchRun& run);
  bool send(BatchRun& run, OutputRecord& output);
  bool take_acknowledged();
  void acknowledged(BatchRun& run);
  bool settle_failures(BatchRun& run);
  void finish(BatchRun& run);
  void recycle(std::unique_ptr<BatchRun> run);
  void account(const BatchRun& run);

  // worker_give_up.cpp: what is under way for a partition that went
  void give_up(BatchRun& run, std::span<const TopicPartition> partitions);
  [[nodiscard]] bool let_go(BatchRun& run);
  void drop_given_up();

  // worker_group.cpp: rebalance and commit
  void assigned(std::span<const TopicPartition> partitions) override;
  void revoked(std::span<const TopicPartition> partitions) override;
  void lost(std::span<const TopicPartition> partitions) override;
  void source_error(const Error& error) override;
  void give_up(std::span<const TopicPartition> partitions);
  [[nodiscard]] bool can_finish_more() const;
  [[nodiscard]] bool finish_within(std::chrono::milliseconds timeout,
                                   const std::function<bool()>& still_busy);
  bool commit_if_due();
  [[nodiscard]] bool commit_all(bool wait);
  void commit_for_good();
  void publish_lag();
  void came_round() noexcept;  // for the watchdog
  bool pump();                 // everything that needs no new records
  void wait_for_deliveries(std::chrono::nanoseconds at_most);

  WorkerOptions options_;
  const Clock& clock_;
  EventLoop loop_;
  RunMailbox mailbox_{loop_};
  std::unique_ptr<Source> source_;
  std::unique_ptr<Chain> chain_;
  Sink& sink_;
  WorkerMetrics metrics_;

  OffsetProgress progress_;
  std::uint64_t next_sequence_ = 0;
  std::vector<std::unique_ptr<BatchRun>> walking_;   // stepping or sending, in stream order
  std::vector<std::unique_ptr<BatchRun>> awaiting_;  // all sent
  std::vector<std::unique_ptr<BatchRun>> pool_;
  std::vector<Rows> spare_rows_;  // columns with their capacity, for the next batch
  std::size_t held_bytes_ = 0;
  bool sink_full_ = false;

  std::chrono::nanoseconds next_commit_{0};
  std::chrono::nanoseconds next_lag_{0};
  std::vector<TopicPartitionOffset> offsets_;  // scratch
  std::optional<Error> last_commit_error_;
  std::vector<Lag> lag_scratch_;
  std::vector<TopicPartition> held_partitions_;
  std::atomic<bool> stop_{false};
  std::atomic<int> resuming_{0};  // calls of resume_run that have not ended
  bool opened_ = false;
  bool closed_ = false;
  std::optional<Error> failure_;
};

}  // namespace thalweg
