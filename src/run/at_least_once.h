// At least once: an offset is committed when every output of every record before it was acknowledged, dead letters included. What lies
// between the last commit and a crash is written again.
#pragma once

#include "run/committer.h"

namespace thalweg {

class AtLeastOnce final : public Committer {
 public:
  explicit AtLeastOnce(CommitParts parts) : p_(std::move(parts)) {}

  void open() override;
  bool turn() override;
  [[nodiscard]] std::chrono::nanoseconds due() const override;
  [[nodiscard]] DrainLimits limits() const override { return p_.options.drain; }
  void leave(std::span<const TopicPartition> partitions) override;
  void finish() override;

 private:
  [[nodiscard]] bool commit(bool wait);

  CommitParts p_;
  std::chrono::nanoseconds next_{0};
  std::vector<TopicPartitionOffset> offsets_;  // scratch
  std::optional<Error> last_error_;
};

}  // namespace thalweg
