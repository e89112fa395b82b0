// A source in memory: partitions that a test fills, and a group that it scripts.
//
// One MemoryTopics may feed several sources, as a broker feeds the members of a group; here each partition belongs to the source it
// was assigned to. Not thread-safe: the test's thread turns everything. Commits are recorded.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "thalweg/ports.h"

namespace thalweg {

struct MemoryRecord {
  std::optional<std::string> key;
  std::optional<std::string> value;
  std::vector<std::pair<std::string, std::string>> headers;
  Timestamp timestamp;
};

// The "broker": records per partition, offsets committed.
struct MemoryTopics {
  std::map<TopicPartition, std::vector<std::shared_ptr<const MemoryRecord>>> records;   // offset = index
  std::map<TopicPartition, Offset> committed;

  void add(const TopicPartition& at, MemoryRecord record) {
    records[at].push_back(std::make_shared<const MemoryRecord>(std::move(record)));
  }
};

class MemorySource final : public Source {
 public:
  // Holds all `partitions` from the start (assigned by the first serve()).
  MemorySource(std::shared_ptr<MemoryTopics> topics, std::vector<TopicPartition> partitions);

  // --- the script: takes effect at the next serve() ----------------------------------------------------------
  void assign(const TopicPartition& at) { script_.push_back({Event::assign, at, std::nullopt}); }
  void revoke(const TopicPartition& at) { script_.push_back({Event::revoke, at, std::nullopt}); }
  void lose(const TopicPartition& at) { script_.push_back({Event::lose, at, std::nullopt}); }
  void fail(Error error) { script_.push_back({Event::fail, {}, std::move(error)}); }
  // After what is there now has been read, there will be no more.
  void end() { ends_ = true; }
  // Commits fail with this until it is taken back.
  void refuse_commits(std::optional<Error> error) { commit_error_ = std::move(error); }

  // --- Source ------------------------------------------------------------------------------------------------
  [[nodiscard]] Status open(Waker& waker, SourceListener& listener) override;
  void serve() override;
  [[nodiscard]] std::size_t drain(Batch& batch, const DrainLimits& limits) override;
  [[nodiscard]] Status commit(std::span<const TopicPartitionOffset> next, bool wait) override;
  [[nodiscard]] Status seek(std::span<const TopicPartitionOffset> to) override;
  [[nodiscard]] bool ended() const noexcept override;
  void lag(std::vector<Lag>& out) const override;
  void close() override;

 private:
  enum class Event : std::uint8_t { assign, revoke, lose, fail };
  struct Scripted {
    Event event;
    TopicPartition at;
    std::optional<Error> error;
  };
  void take(Batch& batch, const TopicPartition& at, Offset offset);
  void start(const TopicPartition& at);

  std::shared_ptr<MemoryTopics> topics_;
  std::map<TopicPartition, Offset> positions_;   // of the partitions held
  std::vector<Scripted> script_;
  std::optional<Error> commit_error_;
  SourceListener* listener_ = nullptr;
  bool ends_ = false;
  bool closed_ = false;
};

}  // namespace thalweg
