// A topic in memory, for tests: the test writes records and plays the broker; the source delivers them as a group's consumer would.
//
//   MemoryLog log;
//   log.append("in", 0, {.value = "{}"});
//   MemorySource source(log, {"in"});       // after open: all partitions assigned, reading from the committed offsets
//   source.revoke({{"in", {0}}});           // told to the listener at the next serve()
//
// The log survives the source: a second source on it starts where the first one committed, as after a crash.
// Thread-safe, so that the test may be another thread than the worker.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "thalweg/ports.h"

namespace thalweg {

struct MemoryRecord {
  std::optional<std::string> value;
  std::optional<std::string> key{};
  Timestamp timestamp{0};
  std::vector<std::pair<std::string, std::optional<std::string>>> headers{};
  std::optional<Offset>
      offset{};  // of its own, for gaps as compaction leaves them; otherwise the next one
};

// Topics, partitions and one group's committed offsets.
class MemoryLog {
 public:
  MemoryLog() = default;
  MemoryLog(const MemoryLog&) = delete;

  void create(const std::string& topic, int partitions);
  // The partition is made if it is not there. Returns the record's offset.
  Offset append(const std::string& topic, std::int32_t partition, MemoryRecord record);
  [[nodiscard]] std::optional<Offset> committed(const TopicPartition& at) const;
  // Every commit in order, as it was asked for.
  [[nodiscard]] std::vector<TopicPartitionOffset> commits() const;
  [[nodiscard]] Offset end(const TopicPartition& at) const;
  // What a broker does with the offsets in a transaction that is committed: all, or, when one of the partitions is somebody else's by
  // now, none, and an error.
  [[nodiscard]] Status commit(const GroupOffsets& offsets);

 private:
  friend class MemorySource;
  struct Stored {
    Offset offset;
    MemoryRecord record;
  };
  mutable std::mutex mutex_;
  std::map<TopicPartition, std::deque<Stored>>
      partitions_;  // a deque never moves what it holds: views stay good
  std::map<TopicPartition, Offset> committed_;
  std::map<TopicPartition, std::uint64_t> owners_;  // a number for each assignment
  std::uint64_t assignments_ = 0;
  std::vector<TopicPartitionOffset> commits_;
  std::vector<Waker*> wakers_;
};

class MemorySource final : public Source {
 public:
  // `log` outlives the source and every batch filled from it. With `assign_all` false the test assigns.
  MemorySource(MemoryLog& log, std::vector<std::string> topics, bool assign_all = true);
  ~MemorySource() override;

  // --- what the test plays; told to the listener at the next serve() ---
  void assign(std::vector<TopicPartition> partitions);
  void revoke(std::vector<TopicPartition> partitions);
  void lose(std::vector<TopicPartition> partitions);
  void fail(Error error);
  void fail_commits(
      std::optional<Error> error);  // every commit from now on; none: they succeed again
  void fail_seeks(std::optional<Error> error);  // in the same way
  void end();                                   // ended() once everything was delivered
  [[nodiscard]] bool closed() const;

  [[nodiscard]] Status open(Waker& waker, SourceListener& listener) override;
  void serve() override;
  [[nodiscard]] std::size_t drain(Batch& batch, const DrainLimits& limits) override;
  [[nodiscard]] Status commit(std::span<const TopicPartitionOffset> next, bool wait) override;
  [[nodiscard]] std::unique_ptr<GroupOffsets> offsets_for_transaction(
      std::span<const TopicPartitionOffset> next) override;
  [[nodiscard]] Result<std::vector<TopicPartitionOffset>> committed() override;
  [[nodiscard]] Status seek(std::span<const TopicPartitionOffset> to) override;
  [[nodiscard]] bool ended() const noexcept override;
  void lag(std::vector<Lag>& out) const override;
  void close() override;

 private:
  enum class What : std::uint8_t { assign, revoke, lose, fail };
  struct Event {
    What what;
    std::vector<TopicPartition> partitions;
    std::optional<Error> error;
    std::uint64_t assignment = 0;  // from now on, also before it is told
  };
  void push(Event event);
  void happen(Event& event);
  [[nodiscard]] std::vector<TopicPartition> all_partitions() const;  // REQUIRES the log's mutex

  MemoryLog& log_;
  const std::vector<std::string> topics_;
  const bool assign_all_;
  Waker* waker_ = nullptr;
  SourceListener* listener_ = nullptr;
  mutable std::mutex mutex_;  // taken before the log's
  std::deque<Event> events_;
  struct Held {
    Offset next;  // to be delivered
    std::uint64_t assignment = 0;
  };
  std::map<TopicPartition, Held> held_;
  std::optional<Error> commit_error_, seek_error_;
  bool ending_ = false;
  bool closed_ = false;
};

}  // namespace thalweg
