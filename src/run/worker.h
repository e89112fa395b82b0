// A worker: one thread, one consumer, the partitions assigned to it, shared nothing.
//
// An event loop (design: ARCHITECTURE.md, "The worker"): it drains what has arrived into a batch, walks the batch through the
// chain, hands the outputs to the sink, and commits what was acknowledged. It sleeps only when none of that has anything to do.
// Back-pressure is not draining: messages wait in the client, the group is still served.
//
// When outputs may go and when offsets are committed is its committer's business (committer.h).
//
// Threads: all methods belong to the worker's thread, except request_stop, pause, keep_membership, the metrics, and the calls that
// the sink (delivered) and asynchronous steps (resume) make.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "thalweg/ports.h"

#include "config/error_rules.h"
#include "kafka/group_member.h"
#include "run/batch_run.h"
#include "run/chain.h"
#include "run/committer.h"
#include "run/crash_watch.h"
#include "run/dead_share.h"
#include "run/event_loop.h"
#include "run/progress.h"
#include "run/worker_metrics.h"
#include "run/worker_options.h"

namespace thalweg {

class Worker final : private SourceListener, private CommitHost {
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
  // For tests: from now on it does nothing any more, as after a crash. Its destruction takes no leave.
  void vanish() noexcept { closed_ = true; }

  // Any thread. Draining: no more records are taken, what is under way is finished.
  void request_stop() noexcept;
  // Any thread. No more records are taken until it is over; the group is still served.
  void pause(bool yes) noexcept;
  // One other thread, once it is open, now and then while the worker is inside of a call and cannot serve its group: it stays a member all
  // the same, what was done before the call is committed, and after revoke_timeout rebalances are answered for it. Blocks while such an
  // answer takes.
  void keep_membership();
  // Nothing more will come and nothing is under way.
  [[nodiscard]] bool done() const noexcept;
  [[nodiscard]] const std::optional<Error>& failure() const noexcept { return failure_; }
  [[nodiscard]] const WorkerMetrics& metrics() const noexcept { return metrics_; }
  [[nodiscard]] const Chain& chain() const noexcept { return *chain_; }

 private:
  // worker.cpp: taking and walking
  void serve_source();
  bool take_batch();
  [[nodiscard]] bool may_take() const noexcept;
  void find_parts(BatchRun& run);
  void put_back(const BatchRun& run);
  void try_to_put_back();
  void put_back_no_more(std::span<const TopicPartition> partitions);
  void begin(BatchRun& run);
  bool walk_all();
  bool walk(BatchRun& run, std::size_t steps_allowed);
  [[nodiscard]] std::size_t place_of(const BatchRun& run) const;
  [[nodiscard]] Progress call_step(BatchRun& run);
  void resume_run(BatchRun& run) noexcept;
  void publish_calls() noexcept;
  void wait_for_calls();
  bool step_failed(BatchRun& run, Error error);
  void encode(BatchRun& run);
  void stop_with(Error error) override;
  [[nodiscard]] std::chrono::nanoseconds wait_time() const;
  void show(const BatchRun& run, std::size_t place) const;

  // worker_delivery.cpp: sending, dead letters, finishing
  void add_dead_letters(BatchRun& run);
  [[nodiscard]] Fate fate_of(const Error& error) const noexcept;
  [[nodiscard]] bool too_many_dead(const Batch& batch);
  void stop_at(BatchRun& run, std::size_t first, Error why);
  [[nodiscard]] Error stop_reason(const Batch& batch, std::size_t record) const;
  bool send_all();
  bool send_outputs(BatchRun& run);
  bool send(BatchRun& run, OutputRecord& output);
  void tell_failure();
  // worker_log.cpp: refused lines of the inference log
  [[nodiscard]] bool is_refused_log_line(const OutputRecord& output, const Error& error) const;
  [[nodiscard]] bool log_refused(const BatchRun& run, const OutputRecord& output,
                                 const Error& error) override;
  void say_log_refused(const Error& error);
  void encode_outputs(Batch& batch);
  bool take_acknowledged();
  void acknowledged(BatchRun& run);
  bool settle_failures(BatchRun& run);
  void finish(BatchRun& run);
  void recycle(std::unique_ptr<BatchRun> run);
  void account(const BatchRun& run);
  void write_off(const BatchRun& run);

  // worker_give_up.cpp: what is under way for a partition that went, or for a transaction that is taken back
  void give_up(BatchRun& run, std::span<const TopicPartition> partitions);
  [[nodiscard]] bool let_go(BatchRun& run);
  void drop_given_up();
  [[nodiscard]] bool let_all_go() override;

  // worker_stand_in.cpp: keep_membership

  // worker_group.cpp: rebalance, and what the committer asks
  void assigned(std::span<const TopicPartition> partitions) override;
  void revoked(std::span<const TopicPartition> partitions) override;
  void lost(std::span<const TopicPartition> partitions) override;
  void source_error(const Error& error) override;
  void give_up(std::span<const TopicPartition> partitions);
  [[nodiscard]] bool can_finish_more() const;
  [[nodiscard]] bool finish_within(std::chrono::milliseconds timeout,
                                   const std::function<bool()>& still_busy);
  [[nodiscard]] bool outputs_under_way() const override;
  [[nodiscard]] bool steps_under_way() const override;
  [[nodiscard]] bool nothing_to_send() const override;
  void serve_group() override;
  void publish_lag();
  void came_round() noexcept;  // for the watchdog
  bool pump();                 // everything that needs no new records
  bool collect();              // of that: what has become of what was sent
  void wait_for_deliveries(std::chrono::nanoseconds at_most);

  WorkerOptions options_;
  const Clock& clock_;
  EventLoop loop_;
  RunMailbox mailbox_{loop_};
  std::unique_ptr<Source> source_;
  kafka::GroupMember* const member_;  // the source; null: it belongs to no group
  std::unique_ptr<Chain> chain_;
  Sink& sink_;
  WorkerMetrics metrics_;

  // Who has the baton is the worker, and all of this is his (worker_stand_in.cpp).
  std::mutex baton_;
  std::unique_lock<std::mutex> own_baton_;  // of the thread that runs; by hand nobody has it
  bool in_service_ = false;                 // the source is calling back
  bool standing_in_ = false;                // somebody else has it, during a call

  OffsetProgress progress_;
  CrashWatch crash_watch_;
  std::shared_ptr<DeadShare> dead_share_;
  std::uint64_t next_sequence_ = 0;
  std::vector<std::unique_ptr<BatchRun>> walking_;   // stepping or sending, in stream order
  std::vector<std::unique_ptr<BatchRun>> awaiting_;  // all sent
  std::vector<std::unique_ptr<BatchRun>> pool_;
  std::vector<Rows> spare_rows_;  // columns with their capacity, for the next batch
  // Read, and to be read again from here, since somebody in it is to be alone; nothing is taken before that.
  std::vector<TopicPartitionOffset> to_put_back_;
  std::chrono::nanoseconds put_back_at_{0};
  std::uint32_t put_back_tries_ = 0;
  std::size_t held_bytes_ = 0;
  bool sink_full_ = false;

  std::chrono::nanoseconds log_muted_until_{0}, next_log_word_{0};
  std::chrono::nanoseconds next_lag_{0};
  std::vector<Lag> lag_scratch_;
  std::vector<TopicPartition> held_partitions_;
  std::atomic<bool> stop_{false};
  std::atomic<bool> paused_{false};
  std::atomic<int> resuming_{0};  // calls of resume_run that have not ended
  bool opened_ = false;
  bool closed_ = false;
  std::optional<Error> failure_;
  const bool has_stores_;                 // a step remembers
  std::unique_ptr<Committer> committer_;  // last: it uses all of the above
};

}  // namespace thalweg
