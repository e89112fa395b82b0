// Keeping, acknowledging, failing.
#include "sink/memory_sink.h"

#include <algorithm>
#include <sys/eventfd.h>
#include <unistd.h>

namespace thalweg {

std::optional<std::string> SentRecord::header(std::string_view name) const {
  for (auto it = headers.rbegin(); it != headers.rend(); ++it) {
    if (it->first == name) return it->second;
  }
  return std::nullopt;
}

MemorySink::MemorySink() : eventfd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}
MemorySink::~MemorySink() {
  if (eventfd_ >= 0) ::close(eventfd_);
}

void MemorySink::signal() noexcept {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t n = ::write(eventfd_, &one, sizeof one);
}

void MemorySink::cork() {
  const std::scoped_lock lock(mutex_);
  corked_ = true;
}

void MemorySink::uncork() {
  const std::scoped_lock lock(mutex_);
  corked_ = false;
  signal();
}

std::size_t MemorySink::acknowledge(std::size_t count) {
  return deliver(count);
}

void MemorySink::fail_if(Judge judge) {
  const std::scoped_lock lock(mutex_);
  fail_ = std::move(judge);
}

void MemorySink::refuse_if(Judge judge) {
  const std::scoped_lock lock(mutex_);
  refuse_ = std::move(judge);
}

void MemorySink::capacity(std::size_t outputs) {
  const std::scoped_lock lock(mutex_);
  capacity_ = outputs;
}

void MemorySink::fail_for_good(Error error) {
  const std::scoped_lock lock(mutex_);
  fatal_ = std::move(error);
  signal();
}

void MemorySink::missing_topic(std::string topic) {
  const std::scoped_lock lock(mutex_);
  missing_.push_back(std::move(topic));
}

std::vector<SentRecord> MemorySink::sent() const {
  const std::scoped_lock lock(mutex_);
  return sent_;
}

std::vector<SentRecord> MemorySink::acknowledged() const {
  const std::scoped_lock lock(mutex_);
  return acknowledged_;
}

std::size_t MemorySink::acknowledged_count() const {
  const std::scoped_lock lock(mutex_);
  return acknowledged_.size();
}

std::vector<SentRecord> MemorySink::acknowledged(const std::string& topic) const {
  std::vector<SentRecord> all = acknowledged();
  std::erase_if(all, [&](const SentRecord& r) { return r.topic != topic; });
  return all;
}

std::size_t MemorySink::waiting() const {
  const std::scoped_lock lock(mutex_);
  return waiting_.size();
}

Result<std::uint16_t> MemorySink::add_target(const std::string& topic) {
  const std::scoped_lock lock(mutex_);
  if (std::find(missing_.begin(), missing_.end(), topic) != missing_.end()) {
    return Error(Code::topic_missing,
                 "sink: topic '" + topic + "': expected it in memory; it does not exist");
  }
  auto it = std::find(targets_.begin(), targets_.end(), topic);
  if (it == targets_.end()) it = targets_.insert(targets_.end(), topic);
  return static_cast<std::uint16_t>(it - targets_.begin());
}

SentRecord copy_of(const OutputRecord& output, const std::string& topic) {
  SentRecord record;
  record.topic = topic;
  record.dead_letter = output.dead_letter;
  if (output.key) record.key.emplace(*output.key);
  if (output.value) record.value.emplace(*output.value);
  record.timestamp = output.timestamp;
  for (const auto& part : {output.input_headers, output.headers}) {
    for (const Header& h : part) {
      record.headers.emplace_back(h.name,
                                  h.value ? std::optional<std::string>(*h.value) : std::nullopt);
    }
  }
  return record;
}

Status MemorySink::send(OutputRecord& output) {
  const std::scoped_lock lock(mutex_);
  if (waiting_.size() >= capacity_)
    return Error(Code::queue_full, "sink: the queue in memory is full");
  SentRecord record = copy_of(output, targets_.at(output.target));
  if (refuse_) {
    if (auto error = refuse_(record)) return *std::move(error);
  }
  sent_.push_back(record);
  queued_bytes_ += record.value ? record.value->size() : 0;
  waiting_.push_back({&output, std::move(record)});
  signal();
  return {};
}

// Tells the listeners without holding the lock: they may send.
std::size_t MemorySink::deliver(std::size_t count) {
  std::size_t done = 0;
  for (; done < count; ++done) {
    OutputRecord* output = nullptr;
    std::optional<Error> failure;
    {
      const std::scoped_lock lock(mutex_);
      if (waiting_.empty()) break;
      Waiting oldest = std::move(waiting_.front());
      waiting_.pop_front();
      output = oldest.output;
      queued_bytes_ -= oldest.record.value ? oldest.record.value->size() : 0;
      if (fail_) failure = fail_(oldest.record);
      if (!failure) acknowledged_.push_back(std::move(oldest.record));
    }
    if (output->listener != nullptr)
      output->listener->delivered(*output, failure ? &*failure : nullptr);
  }
  return done;
}

std::size_t MemorySink::poll() {
  std::size_t now = 0;
  {
    const std::scoped_lock lock(mutex_);
    std::uint64_t ignored = 0;
    [[maybe_unused]] const ssize_t n = ::read(eventfd_, &ignored, sizeof ignored);
    // What listeners send from inside is for the next poll.
    if (!corked_) now = waiting_.size();
  }
  return deliver(now);
}

void MemorySink::abandon() {
  fail_if([](const SentRecord&) { return std::optional(Error(Code::stopped, "sink: abandoned")); });
  deliver(waiting());
}

Status MemorySink::flush(std::chrono::milliseconds /*timeout*/) {
  poll();
  if (waiting() == 0) return {};
  return Error(Code::timed_out,
               "sink: " + std::to_string(waiting()) + " outputs are not acknowledged");
}

std::size_t MemorySink::queued_bytes() const noexcept {
  const std::scoped_lock lock(mutex_);
  return queued_bytes_;
}

std::optional<Error> MemorySink::fatal() const {
  const std::scoped_lock lock(mutex_);
  return fatal_;
}

}  // namespace thalweg
