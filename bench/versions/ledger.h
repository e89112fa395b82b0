// What became of each record of a run: when it was due, when its answer was handed over, and whether the version of its header gives that
// answer. The sink writes here; nothing allocates while records flow.
#pragma once

#include <atomic>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "thalweg/ports.h"

namespace thalweg::bench {

// The scores that each of two versions gives to each text.
class Answers {
 public:
  explicit Answers(std::size_t texts) : texts_(texts), scores_(2 * texts, unknown) {}
  // The first answer is taken for good; true: this one is the same.
  [[nodiscard]] bool fits(std::size_t version, std::uint64_t sequence, float score) {
    float& known = scores_.at((version - 1) * texts_ + sequence % texts_);
    if (std::isnan(known)) known = score;
    return std::abs(known - score) < 1e-4F;
  }
  // Texts that the two do not score alike: only these can tell who answered.
  [[nodiscard]] std::size_t different() const {
    std::size_t count = 0;
    for (std::size_t i = 0; i < texts_; ++i)
      count += std::abs(scores_[i] - scores_[texts_ + i]) > 1e-3F ? 1U : 0U;
    return count;
  }

 private:
  static constexpr float unknown = std::numeric_limits<float>::quiet_NaN();
  std::size_t texts_;
  std::vector<float> scores_;
};

class Ledger {
 public:
  Ledger(std::size_t records_max, std::size_t texts)
      : due_(records_max),
        latency_us_(records_max),
        times_(records_max),
        versions_(records_max),
        answers_(texts) {}

  // The feeder, before the record is there.
  void due(std::uint64_t sequence, std::int64_t ns) {
    due_.at(sequence) = ns;
    fed_.store(sequence + 1, std::memory_order_release);
  }
  // Any worker.
  void answered(const OutputRecord& output, std::int64_t ns);

  [[nodiscard]] std::uint64_t fed() const noexcept { return fed_.load(); }
  [[nodiscard]] std::uint64_t came() const noexcept { return came_.load(); }
  // After all have come.
  [[nodiscard]] std::vector<float> latencies(std::uint64_t begin, std::uint64_t end) const;
  // Of the records that were the first of their worker behind a change of version.
  [[nodiscard]] std::vector<float> first_latencies(std::uint64_t begin, std::uint64_t end,
                                                   std::uint64_t workers) const;
  // How many of these records' headers named that version.
  [[nodiscard]] std::uint64_t answered_by(std::uint8_t version, std::uint64_t begin,
                                          std::uint64_t end) const;
  [[nodiscard]] std::uint64_t lost() const;
  [[nodiscard]] std::uint64_t repeated() const;
  [[nodiscard]] std::uint64_t wrong() const noexcept { return wrong_; }
  [[nodiscard]] std::uint64_t dead() const noexcept { return dead_; }
  [[nodiscard]] std::size_t different() const { return answers_.different(); }

 private:
  std::vector<std::int64_t> due_;
  std::atomic<std::uint64_t> fed_{0};
  std::atomic<std::uint64_t> came_{0};
  mutable std::mutex mutex_;
  // Guarded by mutex_.
  std::vector<float> latency_us_;
  std::vector<std::uint8_t> times_;
  std::vector<std::uint8_t> versions_;
  Answers answers_;
  std::uint64_t wrong_ = 0, dead_ = 0;
};

// Notes what comes and acknowledges it at the next poll.
class LedgerSink final : public Sink {
 public:
  explicit LedgerSink(Ledger& ledger);
  ~LedgerSink() override;
  [[nodiscard]] Result<std::uint16_t> add_target(const std::string&) override {
    return std::uint16_t{0};
  }
  [[nodiscard]] Status send(OutputRecord& output) override;
  std::size_t poll() override;
  [[nodiscard]] int fd() const noexcept override { return eventfd_; }
  [[nodiscard]] Status flush(std::chrono::milliseconds timeout) override;
  [[nodiscard]] std::size_t queued_bytes() const noexcept override { return 0; }
  void abandon() override;

 private:
  std::size_t tell(const Error* failure);

  Ledger& ledger_;
  int eventfd_;
  std::mutex mutex_;
  std::vector<OutputRecord*> waiting_;  // guarded by mutex_
};

[[nodiscard]] std::int64_t now_ns() noexcept;

}  // namespace thalweg::bench
