// What one worker counts. Written by the worker alone with relaxed stores, read by the metrics page at any time: no
// lock and no contended cache line on the data's way.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "thalweg/batch.h"
#include "thalweg/error.h"
#include "thalweg/ports.h"

namespace thalweg {

// A counter with one writer.
class Counter {
 public:
  void add(std::uint64_t n = 1) noexcept { value_.store(get() + n, std::memory_order_relaxed); }
  void set(std::uint64_t n) noexcept { value_.store(n, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t get() const noexcept {
    return value_.load(std::memory_order_relaxed);
  }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// Powers of two: bucket i counts values <= 2^i (in its unit). One writer.
class Histogram {
 public:
  static constexpr std::size_t buckets = 36;
  void record(std::uint64_t value) noexcept {
    const auto bits = static_cast<std::size_t>(value <= 1 ? 0 : 64 - __builtin_clzll(value - 1));
    counts_[bits < buckets ? bits : buckets - 1].add();
    sum_.add(value);
  }
  [[nodiscard]] std::uint64_t count(std::size_t bucket) const noexcept {
    return counts_[bucket].get();
  }
  [[nodiscard]] std::uint64_t sum() const noexcept { return sum_.get(); }

 private:
  std::array<Counter, buckets> counts_;
  Counter sum_;
};

inline constexpr std::size_t code_count = static_cast<std::size_t>(Code::internal) + 1;

struct PartitionLag {
  TopicPartition at;
  std::int64_t records = -1;
  double seconds = 0;
};

struct WorkerMetrics {
  Counter records_in;
  Counter bytes_in;
  // Counted when a record is finished, so in == forwarded + absorbed + filtered + dead + records_under_way.
  Counter forwarded, absorbed, filtered, dead;
  std::array<Counter, code_count> dead_by_code;
  Counter skipped;  // of the dead ones: no dead letter was written, because `errors` says so
  Counter
      given_up;  // under way when their partition went or the worker stopped: they will be read again
  Counter outputs, output_bytes, dead_letters;
  Counter log_lost;  // lines of the inference log
  Counter batches, retries, commits, commit_failures, rebalances;
  Counter transactions_aborted;
  Histogram commit_ns;  // of a transaction, from handing it over to knowing
  Counter records_under_way, batches_under_way, bytes_held, bytes_held_max, partitions;
  Histogram batch_rows;                                             // rows
  Histogram decode_ns, features_ns, model_ns, steps_ns, encode_ns;  // per batch
  Counter model_calls, model_rows;
  std::atomic<std::int64_t> call_began_ns{
      0};  // monotonic, of the step that runs now; 0: none (watchdog)
  std::atomic<std::int64_t> came_round_ns{
      0};  // monotonic, when the worker's loop last turned; 0: it does not run (watchdog)
  std::atomic<bool> joined{false};
  std::atomic<bool> failed{false};

  void publish_lag(std::vector<PartitionLag> lag) {
    const std::lock_guard lock(lag_mutex_);
    lag_ = std::move(lag);
  }
  [[nodiscard]] std::vector<PartitionLag> lag() const {
    const std::lock_guard lock(lag_mutex_);
    return lag_;
  }

 private:
  mutable std::mutex lag_mutex_;  // every few seconds, never on the data's way
  std::vector<PartitionLag> lag_;
};

}  // namespace thalweg
