// The ends of a pipeline that answers history again: records as they were, with their offsets, and outputs that go nowhere.
//
// By hand: give() some records, turn the worker until they are done, look at deaths(), give() the next.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "thalweg/ports.h"

namespace thalweg::cli {

// A record of a topic, copied.
struct ReplayRecord {
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::int64_t timestamp_ms = -1;
  std::optional<std::string> key{}, value{};
  std::vector<std::pair<std::string, std::optional<std::string>>> headers{};

  // "topic-partition-offset", as in the output header.
  [[nodiscard]] std::string id() const;
};

[[nodiscard]] std::string id_of(const SourceRecord& record);

class ReplaySource final : public Source {
 public:
  // They live until the worker is done with them.
  void give(std::span<const ReplayRecord* const> records);

  [[nodiscard]] Status open(Waker& waker, SourceListener& listener) override;
  void serve() override {}
  [[nodiscard]] std::size_t drain(Batch& batch, const DrainLimits& limits) override;
  [[nodiscard]] Status commit(std::span<const TopicPartitionOffset>, bool) override { return {}; }
  [[nodiscard]] Status seek(std::span<const TopicPartitionOffset> to) override;
  [[nodiscard]] bool ended() const noexcept override { return false; }
  void lag(std::vector<Lag>&) const override {}
  void close() override {}

 private:
  [[nodiscard]] std::string_view stable(const std::string& topic);

  std::span<const ReplayRecord* const> records_;
  std::size_t next_ = 0;
  std::deque<std::string> topics_;
};

class ReplaySink final : public Sink {
 public:
  // Of the records that died since forget(): id → the reason's code.
  [[nodiscard]] const std::unordered_map<std::string, std::string>& deaths() const noexcept {
    return deaths_;
  }
  void forget() { deaths_.clear(); }

  [[nodiscard]] Result<std::uint16_t> add_target(const std::string&) override { return 0; }
  [[nodiscard]] Status send(OutputRecord& output) override;
  std::size_t poll() override { return 0; }
  [[nodiscard]] int fd() const noexcept override { return -1; }
  [[nodiscard]] Status flush(std::chrono::milliseconds) override { return {}; }
  [[nodiscard]] std::size_t queued_bytes() const noexcept override { return 0; }
  void abandon() override {}

 private:
  std::unordered_map<std::string, std::string> deaths_;
};

}  // namespace thalweg::cli
