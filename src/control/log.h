// Where control records are kept, in one order: the port between what is wanted and where it is written.
//
// Three of them: a compacted topic (kafka_log.h), a file for a single process (file_log.h), and memory. An entry's offset is its epoch.
// A later entry of the same key replaces an earlier one, so earlier ones may be gone.
//
// Any thread may append; one thread at a time reads.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "thalweg/error.h"

namespace thalweg::control {

struct LogEntry {
  std::int64_t offset = -1;
  std::string key;
  std::optional<std::string> value;  // none: a tombstone
  std::int64_t at_ms = -1;           // when it was written, since 1970; -1: not known
};

class ControlLog {
 public:
  virtual ~ControlLog() = default;
  // Finds or makes what it needs. Errors: config_invalid (it is not what it should be), topic_missing, io_failed, broker_unreachable.
  [[nodiscard]] virtual Status open() = 0;
  // Everything from the last position to what the end was at the call, in order. Blocks. Errors: broker_unreachable, timed_out, io_failed.
  [[nodiscard]] virtual Result<std::vector<LogEntry>> read_to_end() = 0;
  // What has come since; waits for something so long at most.
  [[nodiscard]] virtual Result<std::vector<LogEntry>> follow(std::chrono::milliseconds at_most) = 0;
  // Returns when it is written so that it stays. The offset it got.
  [[nodiscard]] virtual Result<std::int64_t> append(const std::string& key,
                                                    const std::optional<std::string>& value) = 0;
  // The same without waiting, for what is written again soon anyway (heartbeats). An error: it was not even begun.
  [[nodiscard]] virtual Status post(const std::string& key,
                                    const std::optional<std::string>& value) = 0;
  // A line for the history that nothing overwrites. Returns when it is written.
  [[nodiscard]] virtual Status audit(const std::string& key, const std::string& value) = 0;
  // Do other processes write here too?
  [[nodiscard]] virtual bool shared() const noexcept = 0;
  // "topic 'models' on localhost:9092": for messages.
  [[nodiscard]] virtual std::string where() const = 0;
};

// Entries that several MemoryLogs share, as processes share a topic.
struct MemoryEntries {
  std::mutex mutex;
  std::deque<LogEntry> entries;
  std::vector<std::pair<std::string, std::string>> audits;
  std::int64_t next = 0;
  bool compacted = true;  // at once; false: not yet, as a topic mostly is
};

class MemoryLog final : public ControlLog {
 public:
  explicit MemoryLog(std::shared_ptr<MemoryEntries> entries = std::make_shared<MemoryEntries>(),
                     bool shared = false)
      : entries_(std::move(entries)), shared_(shared) {}
  Status open() override { return {}; }
  Result<std::vector<LogEntry>> read_to_end() override { return follow({}); }
  Result<std::vector<LogEntry>> follow(std::chrono::milliseconds at_most) override;
  Result<std::int64_t> append(const std::string& key,
                              const std::optional<std::string>& value) override;
  Status post(const std::string& key, const std::optional<std::string>& value) override {
    (void)append(key, value);
    return {};
  }
  Status audit(const std::string& key, const std::string& value) override;
  [[nodiscard]] bool shared() const noexcept override { return shared_; }
  [[nodiscard]] std::string where() const override { return "memory"; }

 private:
  const std::shared_ptr<MemoryEntries> entries_;
  const bool shared_;
  std::int64_t position_ = 0;
};

}  // namespace thalweg::control
