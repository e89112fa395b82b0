// Transactions in memory, for tests: what is sent is kept as open, and becomes readable, or never, at the end of its transaction.
//
//   MemoryLog input;  MemoryTopics outputs(input);
//   MemoryTransactionSink sink(outputs, "p-0");     // a second one with the same id fences the first
//   sink.fate([] { return MemoryTransactionSink::Fate::lost_answer; });   // of the next commits
//   outputs.readable();                              // as a read_committed reader sees it
//
// The topics survive the sink, as after a crash. Not thread-safe but for the transaction's calls, which may come from a helper.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "thalweg/ports.h"

#include "sink/memory_sink.h"

namespace thalweg {

class MemoryTopics {
 public:
  // Commits a transaction's offsets to the group, or refuses (MemoryLog::commit).
  using CommitOffsets = std::function<Status(const GroupOffsets&)>;
  explicit MemoryTopics(CommitOffsets commit_offsets)
      : commit_offsets_(std::move(commit_offsets)) {}

  // Committed records, in the order they were sent.
  [[nodiscard]] std::vector<SentRecord> readable() const;

 private:
  friend class MemoryTransactionSink;
  enum class State : std::uint8_t { open, committed, aborted };
  struct Stored {
    SentRecord record;
    std::string id;
    State state;
  };
  [[nodiscard]] std::uint64_t fence(const std::string& id);
  [[nodiscard]] bool fenced(const std::string& id, std::uint64_t epoch) const;
  void end(const std::string& id, State state);
  [[nodiscard]] Status commit(const std::string& id, std::uint64_t epoch,
                              const GroupOffsets& offsets);

  mutable std::mutex mutex_;
  CommitOffsets commit_offsets_;
  std::map<std::string, std::uint64_t> epochs_;
  std::vector<Stored> all_;
};

class MemoryTransactionSink final : public Sink, public Transaction {
 public:
  // How the next call of commit ends: well; refused, with nothing done; done, but the answer is lost; or this producer is fenced.
  enum class Fate : std::uint8_t { well, refused, lost_answer, fenced };
  using Judge = MemorySink::Judge;

  // `topics` outlives the sink.
  MemoryTransactionSink(MemoryTopics& topics, std::string transactional_id);

  // --- what the test plays ---
  void fate(std::function<Fate()> next) { fate_ = std::move(next); }
  // How many waiting outputs a poll acknowledges; all, unless set.
  void pace(std::function<std::size_t(std::size_t waiting)> next) { pace_ = std::move(next); }
  void fail_if(Judge judge) { fail_ = std::move(judge); }
  // How often recover() says "later" first.
  void recover_later(std::function<bool()> later) { later_ = std::move(later); }
  void capacity(std::size_t outputs) { capacity_ = outputs; }

  [[nodiscard]] Result<std::uint16_t> add_target(const std::string& topic) override;
  [[nodiscard]] Status send(OutputRecord& output) override;
  std::size_t poll() override;
  [[nodiscard]] int fd() const noexcept override { return -1; }
  [[nodiscard]] Status flush(std::chrono::milliseconds timeout) override;
  [[nodiscard]] std::size_t queued_bytes() const noexcept override { return 0; }
  void abandon() override;
  [[nodiscard]] Transaction* transaction() noexcept override { return this; }

  [[nodiscard]] Status open() override;
  [[nodiscard]] Status begin() override;
  [[nodiscard]] Status commit(GroupOffsets& offsets) override;
  [[nodiscard]] Status recover() override;

 private:
  std::size_t deliver(std::size_t count, const Error* failure);

  MemoryTopics& topics_;
  const std::string id_;
  std::atomic<std::uint64_t> epoch_ = 0;
  bool begun_ = false;
  std::vector<std::string> targets_;
  mutable std::mutex mutex_;  // waiting_: the helper's recover() reports, too
  std::deque<OutputRecord*> waiting_;
  std::size_t capacity_ = SIZE_MAX;
  std::function<Fate()> fate_ = [] { return Fate::well; };
  std::function<std::size_t(std::size_t)> pace_ = [](std::size_t waiting) { return waiting; };
  std::function<bool()> later_ = [] { return false; };
  Judge fail_;
};

}  // namespace thalweg
