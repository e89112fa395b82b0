#include "cli/replay_ends.h"

#include <algorithm>

#include <fmt/format.h>

namespace thalweg::cli {

std::string ReplayRecord::id() const {
  return fmt::format("{}-{}-{}", topic, partition, offset);
}

std::string id_of(const SourceRecord& record) {
  return fmt::format("{}-{}-{}", record.topic, record.partition.value, record.offset.value);
}

void ReplaySource::give(std::span<const ReplayRecord* const> records) {
  records_ = records;
  next_ = 0;
}

Status ReplaySource::open(Waker&, SourceListener&) {
  return {};
}

std::string_view ReplaySource::stable(const std::string& topic) {
  const auto it = std::find(topics_.begin(), topics_.end(), topic);
  return it == topics_.end() ? topics_.emplace_back(topic) : *it;
}

std::size_t ReplaySource::drain(Batch& batch, const DrainLimits& limits) {
  std::size_t count = 0, bytes = 0;
  while (next_ < records_.size() && count < limits.records &&
         (count == 0 || bytes < limits.bytes)) {
    const ReplayRecord& from = *records_[next_++];
    SourceRecord record;
    record.topic = stable(from.topic);
    record.partition = {from.partition};
    record.offset = {from.offset};
    record.timestamp = {from.timestamp_ms};
    if (from.key) record.key = *from.key;
    if (from.value) record.value = batch.arena().copy(*from.value);  // parsers look ahead
    record.headers_begin = static_cast<std::uint32_t>(batch.headers().size());
    for (const auto& [name, value] : from.headers) {
      batch.add_header({name, value ? std::optional<std::string_view>(*value) : std::nullopt});
    }
    record.headers_end = static_cast<std::uint32_t>(batch.headers().size());
    batch.add_record(record);
    ++count;
    bytes += from.value ? from.value->size() : 0;
  }
  return count;
}

Status ReplaySource::seek(std::span<const TopicPartitionOffset>) {
  return Error(Code::internal, "replay: nothing rewinds it");
}

Status ReplaySink::send(OutputRecord& output) {
  if (output.dead_letter) {
    std::string_view parts[4];  // topic, partition, offset, code
    constexpr std::string_view names[4] = {"__thalweg.errors.topic", "__thalweg.errors.partition",
                                           "__thalweg.errors.offset", "__thalweg.errors.code"};
    for (const Header& header : output.headers) {
      for (std::size_t i = 0; i < 4; ++i)
        if (header.name == names[i] && header.value) parts[i] = *header.value;
    }
    deaths_[fmt::format("{}-{}-{}", parts[0], parts[1], parts[2])] = parts[3];
  }
  if (output.listener != nullptr) output.listener->delivered(output, nullptr);
  return {};
}

}  // namespace thalweg::cli
