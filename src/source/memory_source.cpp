// The log and its reader.
#include "source/memory_source.h"

#include <algorithm>

namespace thalweg {
namespace {

struct MemoryOffsets final : GroupOffsets {
  struct One {
    TopicPartitionOffset next;
    std::uint64_t assignment;
  };
  std::vector<One> all;
};

}  // namespace

void MemoryLog::create(const std::string& topic, int partitions) {
  const std::scoped_lock lock(mutex_);
  for (std::int32_t p = 0; p < partitions; ++p) partitions_.try_emplace({topic, {p}});
}

Offset MemoryLog::append(const std::string& topic, std::int32_t partition, MemoryRecord record) {
  const std::scoped_lock lock(mutex_);
  auto& stored = partitions_[{topic, {partition}}];
  const Offset next = stored.empty() ? Offset{0} : stored.back().offset.next();
  const Offset offset = record.offset.value_or(next);
  stored.push_back({offset, std::move(record)});
  for (Waker* waker : wakers_) waker->wake();
  return offset;
}

std::optional<Offset> MemoryLog::committed(const TopicPartition& at) const {
  const std::scoped_lock lock(mutex_);
  const auto it = committed_.find(at);
  return it == committed_.end() ? std::nullopt : std::optional(it->second);
}

std::vector<TopicPartitionOffset> MemoryLog::commits() const {
  const std::scoped_lock lock(mutex_);
  return commits_;
}

Offset MemoryLog::end(const TopicPartition& at) const {
  const std::scoped_lock lock(mutex_);
  const auto it = partitions_.find(at);
  return it == partitions_.end() || it->second.empty() ? Offset{0}
                                                       : it->second.back().offset.next();
}

Status MemoryLog::commit(const GroupOffsets& offsets) {
  const auto& all = static_cast<const MemoryOffsets&>(offsets).all;
  const std::scoped_lock lock(mutex_);
  for (const MemoryOffsets::One& o : all) {
    if (owners_[o.next.at] == o.assignment) continue;
    return Error(Code::delivery_failed,
                 "log: " + o.next.at.to_string() + " belongs to another member of the group");
  }
  for (const MemoryOffsets::One& o : all) {
    commits_.push_back(o.next);
    committed_[o.next.at] = o.next.offset;
  }
  return {};
}

MemorySource::MemorySource(MemoryLog& log, std::vector<std::string> topics, bool assign_all)
    : log_(log), topics_(std::move(topics)), assign_all_(assign_all) {}

MemorySource::~MemorySource() {
  const std::scoped_lock lock(log_.mutex_);
  std::erase(log_.wakers_, waker_);
}

void MemorySource::push(Event event) {
  const std::scoped_lock lock(mutex_);
  events_.push_back(std::move(event));
  if (waker_ != nullptr) waker_->wake();
}

void MemorySource::assign(std::vector<TopicPartition> p) {
  Event event{What::assign, std::move(p), {}};
  {
    const std::scoped_lock lock(log_.mutex_);
    event.assignment = ++log_.assignments_;
    for (const TopicPartition& at : event.partitions) log_.owners_[at] = event.assignment;
  }
  push(std::move(event));
}
void MemorySource::revoke(std::vector<TopicPartition> p) {
  push({What::revoke, std::move(p), {}});
}
void MemorySource::lose(std::vector<TopicPartition> p) {
  push({What::lose, std::move(p), {}});
}
void MemorySource::fail(Error error) {
  push({What::fail, {}, std::move(error)});
}

void MemorySource::fail_commits(std::optional<Error> error) {
  const std::scoped_lock lock(mutex_);
  commit_error_ = std::move(error);
}

void MemorySource::fail_seeks(std::optional<Error> error) {
  const std::scoped_lock lock(mutex_);
  seek_error_ = std::move(error);
}

void MemorySource::end() {
  const std::scoped_lock lock(mutex_);
  ending_ = true;
  if (waker_ != nullptr) waker_->wake();
}

bool MemorySource::closed() const {
  const std::scoped_lock lock(mutex_);
  return closed_;
}

std::vector<TopicPartition> MemorySource::all_partitions() const {
  std::vector<TopicPartition> all;
  for (const auto& [at, stored] : log_.partitions_) {
    if (std::find(topics_.begin(), topics_.end(), at.topic) != topics_.end()) all.push_back(at);
  }
  return all;
}

Status MemorySource::open(Waker& waker, SourceListener& listener) {
  std::vector<TopicPartition> all;
  {
    const std::scoped_lock lock(mutex_, log_.mutex_);
    waker_ = &waker;
    listener_ = &listener;
    log_.wakers_.push_back(&waker);
    all = all_partitions();
  }
  if (assign_all_) assign(std::move(all));
  return {};
}

void MemorySource::serve() {
  for (;;) {
    Event event;
    {
      const std::scoped_lock lock(mutex_);
      if (events_.empty() || closed_) return;
      event = std::move(events_.front());
      events_.pop_front();
    }
    happen(event);
  }
}

// Without the lock: the listener commits from inside.
void MemorySource::happen(Event& event) {
  const auto drop = [&] {
    const std::scoped_lock lock(mutex_);
    for (const TopicPartition& at : event.partitions) held_.erase(at);
  };
  switch (event.what) {
    case What::assign: {
      {
        const std::scoped_lock lock(mutex_, log_.mutex_);
        for (const TopicPartition& at : event.partitions) {
          log_.partitions_.try_emplace(at);
          const auto it = log_.committed_.find(at);
          held_[at] = {it == log_.committed_.end() ? Offset{0} : it->second, event.assignment};
        }
      }
      return listener_->assigned(event.partitions);
    }
    case What::revoke: listener_->revoked(event.partitions); return drop();
    case What::lose: drop(); return listener_->lost(event.partitions);
    case What::fail: return listener_->source_error(*event.error);
  }
}

std::size_t MemorySource::drain(Batch& batch, const DrainLimits& limits) {
  const std::scoped_lock lock(mutex_, log_.mutex_);
  std::size_t records = 0;
  std::size_t bytes = 0;
  for (auto& [at, held] : held_) {
    Offset& next = held.next;
    const auto& stored = log_.partitions_[at];
    const auto from = [](const MemoryLog::Stored& s, Offset o) { return s.offset < o; };
    for (auto it = std::lower_bound(stored.begin(), stored.end(), next, from); it != stored.end();
         ++it) {
      const MemoryRecord& r = it->record;
      const std::size_t size = (r.value ? r.value->size() : 0) + (r.key ? r.key->size() : 0);
      if (records == limits.records || (records > 0 && bytes + size > limits.bytes)) {
        waker_->wake();
        return records;
      }
      SourceRecord record;
      record.topic = log_.partitions_.find(at)->first.topic;  // a batch outlives an assignment
      record.partition = at.partition;
      record.offset = it->offset;
      record.timestamp = r.timestamp;
      if (r.key) record.key = *r.key;
      if (r.value) record.value = *r.value;
      record.headers_begin = static_cast<std::uint32_t>(batch.headers().size());
      for (const auto& [name, value] : r.headers) {
        batch.add_header({name, value ? std::optional<std::string_view>(*value) : std::nullopt});
      }
      record.headers_end = static_cast<std::uint32_t>(batch.headers().size());
      batch.add_record(record);
      next = it->offset.next();
      ++records;
      bytes += size;
    }
  }
  return records;
}

Status MemorySource::commit(std::span<const TopicPartitionOffset> next, bool /*wait*/) {
  const std::scoped_lock lock(mutex_, log_.mutex_);
  if (commit_error_) return *commit_error_;
  for (const TopicPartitionOffset& o : next) {
    const auto it = held_.find(o.at);
    if (it == held_.end() || log_.owners_[o.at] != it->second.assignment) continue;
    log_.commits_.push_back(o);
    log_.committed_[o.at] = o.offset;
  }
  return {};
}

std::unique_ptr<GroupOffsets> MemorySource::offsets_for_transaction(
    std::span<const TopicPartitionOffset> next) {
  const std::scoped_lock lock(mutex_);
  auto made = std::make_unique<MemoryOffsets>();
  for (const TopicPartitionOffset& o : next) {
    const auto it = held_.find(o.at);
    if (it == held_.end()) return nullptr;
    made->all.push_back({o, it->second.assignment});
  }
  return made;
}

Result<std::vector<TopicPartitionOffset>> MemorySource::committed() {
  const std::scoped_lock lock(mutex_, log_.mutex_);
  std::vector<TopicPartitionOffset> known;
  for (const auto& [at, held] : held_) {
    if (const auto it = log_.committed_.find(at); it != log_.committed_.end())
      known.push_back({at, it->second});
  }
  return known;
}

Status MemorySource::seek(std::span<const TopicPartitionOffset> to) {
  const std::scoped_lock lock(mutex_);
  if (seek_error_) return *seek_error_;
  for (const TopicPartitionOffset& o : to) {
    if (const auto it = held_.find(o.at); it != held_.end()) it->second.next = o.offset;
  }
  waker_->wake();
  return {};
}

bool MemorySource::ended() const noexcept {
  const std::scoped_lock lock(mutex_, log_.mutex_);
  if (closed_) return true;
  if (!ending_ || !events_.empty()) return false;
  return std::all_of(held_.begin(), held_.end(), [&](const auto& held) {
    const auto& stored = log_.partitions_[held.first];
    return stored.empty() || stored.back().offset < held.second.next;
  });
}

void MemorySource::lag(std::vector<Lag>& out) const {
  const std::scoped_lock lock(mutex_, log_.mutex_);
  for (const auto& [at, held] : held_) {
    const Offset next = held.next;
    const auto& stored = log_.partitions_[at];
    const std::int64_t end = stored.empty() ? 0 : stored.back().offset.next().value;
    out.push_back({at, std::max<std::int64_t>(0, end - next.value)});
  }
}

void MemorySource::close() {
  std::vector<TopicPartition> held;
  {
    const std::scoped_lock lock(mutex_);
    if (closed_ || listener_ == nullptr) return;
    for (const auto& [at, next] : held_) held.push_back(at);
  }
  if (!held.empty()) listener_->revoked(held);
  const std::scoped_lock lock(mutex_);
  held_.clear();
  closed_ = true;
}

}  // namespace thalweg
