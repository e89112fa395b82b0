// Exactly once: outputs, dead letters and offsets of a worker in one transaction per commit interval, all of it readable at once or never.
//
//   idle ─first output─▶ open ─interval over─▶ closing ─all acknowledged─▶ committing ─▶ idle
//                          │                      │                            │ (on the helper thread)
//                          └──────────────────────┴───────── failed ───────────┴▶ recovering ─▶ rewinding ─▶ idle
//
//   closing      the batch that has sent a part sends the rest; encoded ones wait, in memory that is counted
//   committing   the worker goes on reading, inferring and encoding meanwhile; nothing is sent
//   recovering   the sink takes everything back, or takes a new client (on the helper thread); all batches are dropped
//   rewinding    steps forget what they remembered, the source goes back to the ledger; where a commit was tried and nobody knows
//                how it ended, to what the broker says
//
// A batch is in one transaction as a whole, so a transaction's offsets cover its outputs exactly. With steps that remember, a batch begins its
// steps only when it will be in the present transaction: what they remember is then committed with it too.
#pragma once

#include <atomic>
#include <string>

#include "run/committer.h"
#include "run/refused_outputs.h"

namespace thalweg {

class ExactlyOnce final : public Committer {
 public:
  ExactlyOnce(CommitParts parts, Transaction& transaction);
  ~ExactlyOnce() override;

  void open() override;
  bool turn() override;
  bool settle() override { return turn(); }
  [[nodiscard]] std::chrono::nanoseconds due() const override;

  [[nodiscard]] bool may_take() const override;
  [[nodiscard]] DrainLimits limits() const override;
  void condemn(Batch& batch) const override { refused_.condemn(batch); }
  [[nodiscard]] bool may_step(bool begun) const override;
  [[nodiscard]] bool may_send(bool begun) override;
  [[nodiscard]] bool wants_acknowledgements() const override;
  void not_delivered(const Error& why) override;
  [[nodiscard]] bool takes_back(const BatchRun& run) override;
  void stopped_inside() override;

  void hurry(bool wanted) override { hurry_ = wanted; }
  [[nodiscard]] bool unsettled() const override;
  void leave(std::span<const TopicPartition> partitions) override;
  void lost(std::span<const TopicPartition> partitions) override;
  void finish() override;

 private:
  enum class State { idle, open, closing, committing, recovering, rewinding, over };

  [[nodiscard]] bool in_transaction() const {
    return state_ == State::open || state_ == State::closing;
  }
  [[nodiscard]] bool stateful() const { return !p_.stores.empty(); }
  [[nodiscard]] bool time_to_commit() const;
  bool begin();
  bool close();
  bool committed();
  void fail(const Error& error, bool nobody_knows);
  void withdraw(const char* why);
  bool recovered();
  bool rewind();
  [[nodiscard]] Status learn(const std::vector<TopicPartitionOffset>& known);
  void run_job(std::function<Status()> job);
  void try_again(const Error& error);
  void end(Error error);

  CommitParts p_;
  Transaction& transaction_;
  std::shared_ptr<Helper> helper_;
  State state_ = State::idle;
  RefusedOutputs refused_;
  std::vector<TopicPartitionOffset> offsets_;  // of the transaction that is being committed
  std::unique_ptr<GroupOffsets> group_;
  std::chrono::nanoseconds due_{0};       // the commit
  std::chrono::nanoseconds began_{0};     // the present commit
  std::chrono::nanoseconds retry_at_{0};  // recovering and rewinding
  bool hurry_ = false;
  bool nobody_knows_ = false;  // whether the last transaction was committed
  int failed_in_a_row_ = 0;
  unsigned recoveries_ = 0;     // of the present failure
  std::optional<Error> fatal_;  // to stop with, once everything is taken back

  // The helper's job: written by it, read once `job_done_` is seen.
  bool job_running_ = false;
  Status job_status_;
  std::atomic<bool> job_done_{false};
};

}  // namespace thalweg
