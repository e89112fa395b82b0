#include "loop_source.h"

#include <array>
#include <charconv>
#include <utility>

namespace thalweg::bench {

class LoopSource final : public Source {
 public:
  LoopSource(LoopTopic& topic, std::size_t partition)
      : topic_(topic),
        part_(*topic.parts_.at(partition)),
        at_{"in", {static_cast<std::int32_t>(partition)}},
        keys_(LoopTopic::under_way_max) {}
  ~LoopSource() override {
    const std::lock_guard lock(part_.mutex);
    part_.waker = nullptr;
  }

  [[nodiscard]] Status open(Waker& waker, SourceListener& listener) override {
    listener_ = &listener;
    const std::lock_guard lock(part_.mutex);
    part_.waker = &waker;
    waker.wake();
    return {};
  }
  void serve() override {
    if (told_ || closed_) return;
    told_ = true;
    listener_->assigned({&at_, 1});
  }
  [[nodiscard]] std::size_t drain(Batch& batch, const DrainLimits& limits) override {
    if (!told_ || closed_) return 0;
    const std::lock_guard lock(part_.mutex);
    std::size_t records = 0, bytes = 0;
    for (; next_ < part_.end; ++next_, ++records) {
      const std::uint64_t n = static_cast<std::uint64_t>(next_) * topic_.parts_.size() +
                              static_cast<std::uint64_t>(at_.partition.value);
      const std::string& text = topic_.texts_[n % topic_.texts_.size()];
      if (records == limits.records || (records > 0 && bytes + text.size() > limits.bytes)) {
        part_.waker->wake();
        break;
      }
      auto& key = keys_[static_cast<std::size_t>(next_) % keys_.size()];
      const auto written = std::to_chars(key.data(), key.data() + key.size(), n);
      SourceRecord record;
      record.topic = at_.topic;
      record.partition = at_.partition;
      record.offset = {next_};
      record.timestamp = {-1};
      record.key = std::string_view(key.data(), static_cast<std::size_t>(written.ptr - key.data()));
      record.value = text;
      record.headers_begin = record.headers_end =
          static_cast<std::uint32_t>(batch.headers().size());
      batch.add_record(record);
      bytes += text.size();
    }
    return records;
  }
  [[nodiscard]] Status commit(std::span<const TopicPartitionOffset>, bool) override { return {}; }
  [[nodiscard]] Status seek(std::span<const TopicPartitionOffset> to) override {
    for (const TopicPartitionOffset& one : to) next_ = one.offset.value;
    return {};
  }
  [[nodiscard]] bool ended() const noexcept override { return closed_; }
  void lag(std::vector<Lag>& out) const override {
    const std::lock_guard lock(part_.mutex);
    out.push_back({at_, part_.end - next_});
  }
  void close() override {
    if (closed_ || listener_ == nullptr) return;
    if (told_) listener_->revoked({&at_, 1});
    closed_ = true;
  }

 private:
  LoopTopic& topic_;
  LoopTopic::Part& part_;
  const TopicPartition at_;
  std::vector<std::array<char, 24>> keys_;
  SourceListener* listener_ = nullptr;
  std::int64_t next_ = 0;
  bool told_ = false, closed_ = false;
};

LoopTopic::LoopTopic(std::vector<std::string> texts, std::size_t partitions)
    : texts_(std::move(texts)) {
  for (std::size_t i = 0; i < partitions; ++i) parts_.push_back(std::make_unique<Part>());
}

void LoopTopic::append(std::uint64_t n) {
  Part& part = *parts_[n % parts_.size()];
  const std::lock_guard lock(part.mutex);
  part.end = static_cast<std::int64_t>(n / parts_.size()) + 1;
  if (part.waker != nullptr) part.waker->wake();
}

std::unique_ptr<Source> LoopTopic::source(std::size_t partition) {
  return std::make_unique<LoopSource>(*this, partition);
}

}  // namespace thalweg::bench
