// A source that is another one. Derive to change a call or two: to crash in it, to count it, to be a member of a group.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "thalweg/ports.h"

namespace thalweg::testing_kit {

class ForwardingSource : public Source {
 public:
  explicit ForwardingSource(std::unique_ptr<Source> inner) : inner_(std::move(inner)) {}
  [[nodiscard]] Status open(Waker& waker, SourceListener& listener) override {
    return inner_->open(waker, listener);
  }
  void serve() override { inner_->serve(); }
  [[nodiscard]] std::size_t drain(Batch& batch, const DrainLimits& limits) override {
    return inner_->drain(batch, limits);
  }
  [[nodiscard]] Status commit(std::span<const TopicPartitionOffset> next, bool wait) override {
    return inner_->commit(next, wait);
  }
  [[nodiscard]] std::unique_ptr<GroupOffsets> offsets_for_transaction(
      std::span<const TopicPartitionOffset> next) override {
    return inner_->offsets_for_transaction(next);
  }
  [[nodiscard]] Result<std::vector<TopicPartitionOffset>> committed() override {
    return inner_->committed();
  }
  [[nodiscard]] Status seek(std::span<const TopicPartitionOffset> to) override {
    return inner_->seek(to);
  }
  [[nodiscard]] bool ended() const noexcept override { return inner_->ended(); }
  void lag(std::vector<Lag>& out) const override { inner_->lag(out); }
  void close() override { inner_->close(); }

 private:
  std::unique_ptr<Source> inner_;
};

}  // namespace thalweg::testing_kit
