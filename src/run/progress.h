// Progress: which offsets may be committed.
//
// Batches are begun in the order of the stream and finish in any order. For each partition the offset that may be
// committed is the one after the last record of the longest finished beginning: nothing before it is still under way. Offsets
// may have gaps (compaction, transaction markers); they do not matter here, since only "next offset to read" is kept.
//
// A partition that goes away and comes back is another assignment: what was under way for the old one finishes into
// nothing. Belongs to one worker's thread.
#pragma once

#include <cstdint>
#include <deque>
#include <string_view>
#include <vector>

#include "thalweg/ids.h"

namespace thalweg {

class OffsetProgress {
 public:
  // Names a partition of one assignment; stale after it was dropped.
  struct Ticket {
    std::uint32_t slot = 0;
    std::uint32_t generation = 0;
  };

  void assign(const TopicPartition& at);
  void drop(const TopicPartition& at);
  // The ticket of a partition held, or of one never assigned (then it is assigned now: sources without a group).
  [[nodiscard]] Ticket ticket(std::string_view topic, Partition partition);

  // A batch took the records of this partition up to, not including, `next`. Batches begin in stream order.
  // `last` is the time of the last of them, for the lag in seconds.
  void begin(Ticket ticket, std::uint64_t batch, Offset next, Timestamp last = {});
  // … and the first of them is `first`, for the ledger.
  void reads(Ticket ticket, Offset first);
  // The batch will finish only what lies before `next` (the pipeline stops at a record of it).
  void amend(Ticket ticket, std::uint64_t batch, Offset next);
  // All of the batch's records of this partition are done. Unknown or stale: ignored.
  void finish(Ticket ticket, std::uint64_t batch);

  // Is anything of this partition still under way?
  [[nodiscard]] bool under_way(const TopicPartition& at) const;
  // Time of the newest record taken from this partition; none yet: negative.
  [[nodiscard]] Timestamp last_timestamp(const TopicPartition& at) const;
  [[nodiscard]] bool anything_to_commit() const noexcept { return dirty_ > 0; }
  // Moves what became committable since the last call into `out`: the next offset to read, per partition.
  void take(std::vector<TopicPartitionOffset>& out);
  // The same for one partition only.
  void take(const TopicPartition& at, std::vector<TopicPartitionOffset>& out);
  // Puts back what could not be committed, unless something newer is there already.
  void give_back(const std::vector<TopicPartitionOffset>& offsets);

  // The ledger: where reading has to begin again if everything since the last commit is taken back. For each partition held of which
  // something was read: the offset committed last, or the first one read.
  [[nodiscard]] std::vector<TopicPartitionOffset> ledger() const;
  [[nodiscard]] Offset ledger(const TopicPartition& at) const;  // -1: nothing was read
  // These went through.
  void committed(const std::vector<TopicPartitionOffset>& offsets);
  // This is committed, whatever we believed.
  void correct(const std::vector<TopicPartitionOffset>& offsets);
  // Everything since the ledger is taken back: what is under way finishes into nothing, and is read again.
  void take_back();

 private:
  struct Span {
    std::uint64_t batch;
    Offset next;
    bool done;
  };
  struct Slot {
    TopicPartition at;
    std::uint32_t generation = 0;
    bool held = false;
    bool dirty = false;
    Offset committable{-1};
    Offset ledger{-1};
    Timestamp last{};
    std::deque<Span> spans;
  };
  [[nodiscard]] Slot* find(std::string_view topic, Partition partition) noexcept;
  [[nodiscard]] const Slot* find(const TopicPartition& at) const noexcept;
  Slot& hold(std::string_view topic, Partition partition);
  void take(Slot& slot, std::vector<TopicPartitionOffset>& out);

  std::deque<Slot> slots_;  // never shrinks: tickets are indexes
  std::size_t last_ = 0;    // records come in runs of one partition
  std::size_t dirty_ = 0;
};

}  // namespace thalweg
