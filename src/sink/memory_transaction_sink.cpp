#include "sink/memory_transaction_sink.h"

#include <algorithm>

namespace thalweg {

std::vector<SentRecord> MemoryTopics::readable() const {
  const std::scoped_lock lock(mutex_);
  std::vector<SentRecord> records;
  for (const Stored& s : all_) {
    if (s.state == State::committed) records.push_back(s.record);
  }
  return records;
}

// A new producer under the id: what the older one left open is aborted.
std::uint64_t MemoryTopics::fence(const std::string& id) {
  const std::scoped_lock lock(mutex_);
  end(id, State::aborted);
  return ++epochs_[id];
}

bool MemoryTopics::fenced(const std::string& id, std::uint64_t epoch) const {
  const std::scoped_lock lock(mutex_);
  const auto it = epochs_.find(id);
  return it == epochs_.end() || it->second != epoch;
}

// REQUIRES mutex_.
void MemoryTopics::end(const std::string& id, State state) {
  for (auto it = all_.rbegin(); it != all_.rend(); ++it) {
    if (it->id == id && it->state == State::open) it->state = state;
  }
}

Status MemoryTopics::commit(const std::string& id, std::uint64_t epoch,
                            const GroupOffsets& offsets) {
  const std::scoped_lock lock(mutex_);
  if (epochs_[id] != epoch) return Error(Code::delivery_failed, "sink: '" + id + "' is fenced");
  if (Status s = commit_offsets_(offsets); !s) return s;
  end(id, State::committed);
  return {};
}

MemoryTransactionSink::MemoryTransactionSink(MemoryTopics& topics, std::string transactional_id)
    : topics_(topics), id_(std::move(transactional_id)) {}

Result<std::uint16_t> MemoryTransactionSink::add_target(const std::string& topic) {
  auto it = std::find(targets_.begin(), targets_.end(), topic);
  if (it == targets_.end()) it = targets_.insert(targets_.end(), topic);
  return static_cast<std::uint16_t>(it - targets_.begin());
}

Status MemoryTransactionSink::send(OutputRecord& output) {
  if (!begun_) return Error(Code::internal, "sink: an output outside of a transaction");
  const std::scoped_lock lock(mutex_);
  if (waiting_.size() >= capacity_)
    return Error(Code::queue_full, "sink: the queue in memory is full");
  waiting_.push_back(&output);
  return {};
}

// Tells the listeners without holding the lock.
std::size_t MemoryTransactionSink::deliver(std::size_t count, const Error* failure) {
  std::size_t done = 0;
  for (; done < count; ++done) {
    OutputRecord* output = nullptr;
    {
      const std::scoped_lock lock(mutex_);
      if (waiting_.empty()) break;
      output = waiting_.front();
      waiting_.pop_front();
    }
    std::optional<Error> own;
    SentRecord record = copy_of(*output, targets_.at(output->target));
    if (failure != nullptr) {
      own = *failure;
    } else if (topics_.fenced(id_, epoch_)) {
      own = Error(Code::delivery_failed, "sink: '" + id_ + "' is fenced");
    } else if (fail_) {
      own = fail_(record);
    }
    if (!own) {
      const std::scoped_lock lock(topics_.mutex_);
      topics_.all_.push_back({std::move(record), id_, MemoryTopics::State::open});
    }
    if (output->listener != nullptr) output->listener->delivered(*output, own ? &*own : nullptr);
  }
  return done;
}

std::size_t MemoryTransactionSink::poll() {
  std::size_t waiting = 0;
  {
    const std::scoped_lock lock(mutex_);
    waiting = waiting_.size();
  }
  return waiting == 0 ? 0 : deliver(std::min(waiting, pace_(waiting)), nullptr);
}

Status MemoryTransactionSink::flush(std::chrono::milliseconds /*timeout*/) {
  deliver(SIZE_MAX, nullptr);
  return {};
}

void MemoryTransactionSink::abandon() {
  const Error stopped(Code::stopped, "sink: abandoned");
  deliver(SIZE_MAX, &stopped);
}

Status MemoryTransactionSink::open() {
  epoch_ = topics_.fence(id_);
  return {};
}

Status MemoryTransactionSink::begin() {
  if (topics_.fenced(id_, epoch_))
    return Error(Code::delivery_failed, "sink: '" + id_ + "' is fenced");
  begun_ = true;
  return {};
}

Status MemoryTransactionSink::commit(GroupOffsets& offsets) {
  const Fate fate = fate_();
  if (fate == Fate::refused) return Error(Code::delivery_failed, "sink: the commit was refused");
  if (fate == Fate::fenced) {
    (void)topics_.fence(id_);
    return Error(Code::delivery_failed, "sink: '" + id_ + "' is fenced");
  }
  Status done = topics_.commit(id_, epoch_, offsets);
  if (fate == Fate::lost_answer) return Error(Code::timed_out, "sink: no answer to the commit");
  if (done.ok()) begun_ = false;
  return done;
}

Status MemoryTransactionSink::recover() {
  if (later_()) return Error(Code::broker_unreachable, "sink: no broker answers");
  abandon();
  begun_ = false;
  return open();
}

}  // namespace thalweg
