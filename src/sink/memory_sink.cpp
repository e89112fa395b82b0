#include "sink/memory_sink.h"

#include <algorithm>

namespace thalweg {
namespace {

std::size_t bytes_of(const OutputRecord& output) { return output.value ? output.value->size() : 0; }

std::optional<std::string> copy(const std::optional<std::string_view>& view) {
  if (!view) return std::nullopt;
  return std::string(*view);
}

}  // namespace

Result<std::uint16_t> MemorySink::add_target(const std::string& topic) {
  const auto it = std::find(targets_.begin(), targets_.end(), topic);
  if (it != targets_.end()) return static_cast<std::uint16_t>(it - targets_.begin());
  targets_.push_back(topic);
  return static_cast<std::uint16_t>(targets_.size() - 1);
}

Status MemorySink::send(OutputRecord& output) {
  if (queued_.size() >= queue_max_) return Error(Code::queue_full, "sink: the queue is full");
  if (refuse_send_) {
    if (auto error = refuse_send_(output)) return *error;
  }
  queued_.push_back(&output);
  queued_bytes_ += bytes_of(output);
  return {};
}

void MemorySink::write(const OutputRecord& output) {
  WrittenRecord record;
  record.topic = targets_[output.target];
  record.key = copy(output.key);
  record.value = copy(output.value);
  record.timestamp = output.timestamp;
  record.dead_letter = output.dead_letter;
  for (const auto headers : {output.input_headers, output.headers}) {
    for (const Header& h : headers) record.headers.emplace_back(h.name, h.value.value_or(""));
  }
  written_.push_back(std::move(record));
}

std::size_t MemorySink::poll() {
  if (corked_) return 0;
  auto queued = std::move(queued_);
  queued_.clear();
  queued_bytes_ = 0;
  for (OutputRecord* output : queued) {
    std::optional<Error> error = refuse_delivery_ ? refuse_delivery_(*output) : std::nullopt;
    if (!error) write(*output);
    output->listener->delivered(*output, error ? &*error : nullptr);
  }
  return queued.size();
}

Status MemorySink::flush(std::chrono::milliseconds) {
  poll();
  if (queued_.empty()) return {};
  return Error(Code::timed_out, "sink: outputs are held back by the test");
}

}  // namespace thalweg
