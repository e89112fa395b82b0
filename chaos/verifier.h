// Reads outputs and dead letters as they come, committed ones only, and keeps the ledger. Its own thread; the methods may be called
// from any.
#pragma once

#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "bench/load/kafka.h"
#include "chaos/clock.h"
#include "chaos/ledger.h"

namespace thalweg::chaos {

struct TopicOf {
  std::string name;
  int partitions;
};

class Verifier {
 public:
  Verifier(const std::string& brokers, const TopicOf& outputs, const TopicOf& dead_letters,
           Delivery delivery);
  ~Verifier();

  [[nodiscard]] Totals totals() const;
  // From now on: how long it takes until the partitions give something of `marks` (a number for each) or younger.
  void mark(const std::vector<std::int64_t>& marks);
  struct Flow {
    std::optional<double> first, all;  // seconds after the mark: of any partition, of every one
  };
  [[nodiscard]] Flow flow() const;
  // No more is read; the ledger is closed.
  void close(const std::vector<std::int64_t>& written);
  // After close.
  [[nodiscard]] const Ledger& ledger() const noexcept { return ledger_; }

 private:
  void serve();
  void note_flow(const Record& record);
  void take(const rd_kafka_message_t& message);

  std::string dead_topic_;
  kafka::ClientHandle client_;
  mutable std::mutex mutex_;
  Ledger ledger_;                    // guarded by mutex_, as all that follows
  std::vector<std::int64_t> marks_;  // -1: has come
  std::size_t awaited_ = 0;          // marks that have not come
  TimePoint marked_;
  Flow flow_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace thalweg::chaos
