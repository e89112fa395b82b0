// What one worker saw of the variants of its models: counts and sums by bucket. See ab_monitor.h.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "model/route.h"
#include "model/score_observer.h"

namespace thalweg::monitor {

// With one writer.
template <class T>
class OneWriter {
 public:
  void add(T x) noexcept { value_.store(get() + x, std::memory_order_relaxed); }
  [[nodiscard]] T get() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<T> value_{};
};

// The counts under one route. Every bucket is one variant's.
struct AbCounts {
  struct Arm {
    std::string name;
    std::int64_t version = 0;
    std::string content;               // what tells it from another of its number
    std::uint32_t begin = 0, end = 0;  // its buckets
    OneWriter<std::uint64_t> asked{};
  };
  struct Bucket {
    OneWriter<std::uint64_t> n;
    OneWriter<double> sum, squares;
  };

  explicit AbCounts(const std::string& model, const Route& route);
  [[nodiscard]] bool are_of(const std::string& model, const Route& route) const noexcept;
  [[nodiscard]] bool same_route_as(const AbCounts& other) const noexcept;

  std::string model;
  std::int64_t epoch = -1;
  std::string salt;
  std::atomic<std::int64_t> used_ns{0};  // monotonic, when a batch was counted last
  std::unique_ptr<Arm[]> arms;
  std::size_t arm_count = 0;
  std::unique_ptr<Bucket[]> buckets;
};

class AbObserver final : public ScoreObserver {
 public:
  void scored(const Scored& scored) noexcept override;

  // Any thread.
  [[nodiscard]] std::vector<std::shared_ptr<const AbCounts>> counts() const;
  // When the model's only variant answered last, as used_ns; 0: never.
  [[nodiscard]] std::int64_t alone_ns(const std::string& model) const;

 private:
  struct Alone {
    explicit Alone(std::string of) : model(std::move(of)) {}
    std::string model;
    std::atomic<std::int64_t> used_ns{0};
  };

  void answered_alone(const std::string& model);
  [[nodiscard]] AbCounts& counts_of(const std::string& model, const Route& route);

  mutable std::mutex mutex_;                     // a list changes, or is read by another thread
  std::vector<std::shared_ptr<AbCounts>> kept_;  // oldest first
  std::vector<std::unique_ptr<Alone>> alone_;    // of each model that had one variant
};

}  // namespace thalweg::monitor
