// A source that belongs to a consumer group, for those who stand beside its worker.
//
// librdkafka takes a member out of its group when nobody has asked it for anything in max.poll.interval.ms, and a worker inside of a
// model's call asks for nothing. Whoever knows that it is only that says so here.
#pragma once

namespace thalweg::kafka {

class GroupMember {
 public:
  virtual ~GroupMember() = default;
  // Counts as a poll, and does nothing else: takes no record, calls nobody back, moves no partition. Any thread, between the source's
  // open() and its end; does not block.
  virtual void still_here() noexcept = 0;
};

}  // namespace thalweg::kafka
