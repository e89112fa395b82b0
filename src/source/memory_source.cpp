#include "source/memory_source.h"

namespace thalweg {

MemorySource::MemorySource(std::shared_ptr<MemoryTopics> topics, std::vector<TopicPartition> partitions)
    : topics_(std::move(topics)) {
  for (const TopicPartition& at : partitions) assign(at);
}

Status MemorySource::open(Waker&, SourceListener& listener) {
  listener_ = &listener;
  return {};
}

void MemorySource::start(const TopicPartition& at) {
  const auto committed = topics_->committed.find(at);
  positions_[at] = committed == topics_->committed.end() ? Offset{0} : committed->second;
}

void MemorySource::serve() {
  auto script = std::move(script_);
  script_.clear();
  for (Scripted& scripted : script) {
    const std::span<const TopicPartition> one(&scripted.at, 1);
    switch (scripted.event) {
      case Event::assign:
        start(scripted.at);
        listener_->assigned(one);
        break;
      case Event::revoke:
        listener_->revoked(one);
        positions_.erase(scripted.at);
        break;
      case Event::lose:
        positions_.erase(scripted.at);
        listener_->lost(one);
        break;
      case Event::fail: listener_->source_error(*scripted.error); break;
    }
  }
}

void MemorySource::take(Batch& batch, const TopicPartition& at, Offset offset) {
  const auto& record = topics_->records[at][static_cast<std::size_t>(offset.value)];
  SourceRecord source;
  // The map's key is as stable as a source's topic must be.
  source.topic = topics_->records.find(at)->first.topic;
  source.partition = at.partition;
  source.offset = offset;
  source.timestamp = record->timestamp;
  source.key = record->key;
  source.value = record->value;
  source.headers_begin = static_cast<std::uint32_t>(batch.headers().size());
  for (const auto& [name, value] : record->headers) batch.add_header({name, value});
  source.headers_end = static_cast<std::uint32_t>(batch.headers().size());
  batch.add_record(source);
  batch.keep(record);
}

std::size_t MemorySource::drain(Batch& batch, const DrainLimits& limits) {
  std::size_t taken = 0, bytes = 0;
  for (auto& [at, position] : positions_) {
    const auto& records = topics_->records[at];
    while (static_cast<std::size_t>(position.value) < records.size()) {
      const auto& value = records[static_cast<std::size_t>(position.value)]->value;
      bytes += value ? value->size() : 0;
      if (taken > 0 && (taken >= limits.records || bytes > limits.bytes)) return taken;
      take(batch, at, position);
      position = position.next();
      ++taken;
    }
  }
  return taken;
}

Status MemorySource::commit(std::span<const TopicPartitionOffset> next, bool) {
  if (commit_error_) return *commit_error_;
  for (const auto& [at, offset] : next) {
    if (positions_.contains(at)) topics_->committed[at] = offset;
  }
  return {};
}

Status MemorySource::seek(std::span<const TopicPartitionOffset> to) {
  for (const auto& [at, offset] : to) {
    if (positions_.contains(at)) positions_[at] = offset;
  }
  return {};
}

bool MemorySource::ended() const noexcept {
  if (closed_) return true;
  if (!ends_) return false;
  for (const auto& [at, position] : positions_) {
    const auto records = topics_->records.find(at);
    if (records != topics_->records.end() && static_cast<std::size_t>(position.value) < records->second.size()) return false;
  }
  return true;
}

void MemorySource::lag(std::vector<Lag>& out) const {
  for (const auto& [at, position] : positions_) {
    const auto records = topics_->records.find(at);
    const auto end = records == topics_->records.end() ? 0 : static_cast<std::int64_t>(records->second.size());
    out.push_back({at, end - position.value});
  }
}

void MemorySource::close() {
  if (closed_ || listener_ == nullptr) return;
  closed_ = true;
  std::vector<TopicPartition> held;
  for (const auto& [at, position] : positions_) held.push_back(at);
  if (!held.empty()) listener_->revoked(held);
  positions_.clear();
}

}  // namespace thalweg
