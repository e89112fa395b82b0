#include "run/progress.h"

#include <algorithm>

namespace thalweg {

OffsetProgress::Slot* OffsetProgress::find(std::string_view topic, Partition partition) noexcept {
  const auto matches = [&](const Slot& s) {
    return s.at.partition == partition && s.at.topic == topic;
  };
  if (last_ < slots_.size() && matches(slots_[last_])) return &slots_[last_];
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (matches(slots_[i])) {
      last_ = i;
      return &slots_[i];
    }
  }
  return nullptr;
}

const OffsetProgress::Slot* OffsetProgress::find(const TopicPartition& at) const noexcept {
  const auto it =
      std::find_if(slots_.begin(), slots_.end(), [&](const Slot& s) { return s.at == at; });
  return it == slots_.end() ? nullptr : &*it;
}

OffsetProgress::Slot& OffsetProgress::hold(std::string_view topic, Partition partition) {
  Slot* slot = find(topic, partition);
  if (slot == nullptr) {
    slots_.push_back({.at = {std::string(topic), partition}, .spans = {}});
    last_ = slots_.size() - 1;
    slot = &slots_.back();
  }
  slot->held = true;
  return *slot;
}

void OffsetProgress::assign(const TopicPartition& at) {
  hold(at.topic, at.partition);
}

void OffsetProgress::drop(const TopicPartition& at) {
  Slot* slot = find(at.topic, at.partition);
  if (slot == nullptr || !slot->held) return;
  if (slot->dirty) --dirty_;
  *slot = {.at = at, .generation = slot->generation + 1, .spans = {}};
}

OffsetProgress::Ticket OffsetProgress::ticket(std::string_view topic, Partition partition) {
  Slot* slot = find(topic, partition);
  if (slot == nullptr || !slot->held) slot = &hold(topic, partition);
  return {static_cast<std::uint32_t>(last_), slot->generation};
}

void OffsetProgress::begin(Ticket ticket, std::uint64_t batch, Offset next, Timestamp last) {
  Slot& slot = slots_[ticket.slot];
  if (slot.generation != ticket.generation) return;
  slot.spans.push_back({batch, next, false});
  slot.last = last;
}

void OffsetProgress::reads(Ticket ticket, Offset first) {
  Slot& slot = slots_[ticket.slot];
  if (slot.generation == ticket.generation && slot.ledger.value < 0) slot.ledger = first;
}

void OffsetProgress::amend(Ticket ticket, std::uint64_t batch, Offset next) {
  Slot& slot = slots_[ticket.slot];
  if (slot.generation != ticket.generation) return;
  for (Span& span : slot.spans) {
    if (span.batch == batch) span.next = next;
  }
}

Timestamp OffsetProgress::last_timestamp(const TopicPartition& at) const {
  const Slot* slot = find(at);
  return slot == nullptr ? Timestamp{} : slot->last;
}

void OffsetProgress::finish(Ticket ticket, std::uint64_t batch) {
  Slot& slot = slots_[ticket.slot];
  if (slot.generation != ticket.generation) return;
  for (Span& span : slot.spans) {
    if (span.batch == batch) span.done = true;
  }
  while (!slot.spans.empty() && slot.spans.front().done) {
    slot.committable = slot.spans.front().next;
    slot.spans.pop_front();
    if (!slot.dirty) ++dirty_;
    slot.dirty = true;
  }
}

bool OffsetProgress::under_way(const TopicPartition& at) const {
  const Slot* slot = find(at);
  return slot != nullptr && slot->held && !slot->spans.empty();
}

void OffsetProgress::take(Slot& slot, std::vector<TopicPartitionOffset>& out) {
  if (!slot.dirty) return;
  slot.dirty = false;
  --dirty_;
  out.push_back({slot.at, slot.committable});
}

void OffsetProgress::take(std::vector<TopicPartitionOffset>& out) {
  if (dirty_ == 0) return;
  for (Slot& slot : slots_) take(slot, out);
}

void OffsetProgress::take(const TopicPartition& at, std::vector<TopicPartitionOffset>& out) {
  if (Slot* slot = find(at.topic, at.partition); slot != nullptr) take(*slot, out);
}

void OffsetProgress::give_back(const std::vector<TopicPartitionOffset>& offsets) {
  for (const auto& [at, offset] : offsets) {
    Slot* slot = find(at.topic, at.partition);
    // A newer one that became committable meanwhile covers this one.
    if (slot == nullptr || !slot->held || slot->dirty || slot->committable > offset) continue;
    slot->committable = offset;
    slot->dirty = true;
    ++dirty_;
  }
}

std::vector<TopicPartitionOffset> OffsetProgress::ledger() const {
  std::vector<TopicPartitionOffset> all;
  for (const Slot& slot : slots_) {
    if (slot.held && slot.ledger.value >= 0) all.push_back({slot.at, slot.ledger});
  }
  return all;
}

Offset OffsetProgress::ledger(const TopicPartition& at) const {
  const Slot* slot = find(at);
  return slot == nullptr || !slot->held ? Offset{-1} : slot->ledger;
}

void OffsetProgress::committed(const std::vector<TopicPartitionOffset>& offsets) {
  for (const auto& [at, offset] : offsets) {
    Slot* slot = find(at.topic, at.partition);
    // A partition that went and came back meanwhile began at or behind this offset.
    if (slot != nullptr && slot->held && slot->ledger.value >= 0)
      slot->ledger = std::max(slot->ledger, offset);
  }
}

void OffsetProgress::correct(const std::vector<TopicPartitionOffset>& offsets) {
  for (const auto& [at, offset] : offsets) {
    Slot* slot = find(at.topic, at.partition);
    if (slot != nullptr && slot->held && slot->ledger.value >= 0) slot->ledger = offset;
  }
}

void OffsetProgress::take_back() {
  for (Slot& slot : slots_) {
    if (!slot.held) continue;
    ++slot.generation;
    if (slot.dirty) --dirty_;
    slot.dirty = false;
    slot.spans.clear();
    slot.committable = Offset{-1};
  }
}

}  // namespace thalweg
