// The worker's fifth part: its group is served while its own thread is inside of a call that does not come back.
//
// Who has the baton is the worker. Its thread has it always, but not inside of a step's call: the batch is in the step's hands then, as with
// an asynchronous step, and the rest of the worker stands still. So another thread may take the baton, hear what the group has to say and
// answer it: partitions that come, and partitions that go, whose records in the call are given up, so that the call's answer is dropped
// when it comes. The worker's thread takes the baton again before it goes on.
//
// What was done before the call is committed here when it is due: a transaction that was open when the call began would hold back the readers of
// its outputs for as long as the call takes, until the broker takes it back in the end. Not where a step remembers, since what it has
// remembered of the batch in the call cannot be told from the rest.
//
// Nothing else is done here: no record is taken, no step is run, no output is sent. And nothing at all where the call itself runs inside of a
// rebalance, to finish what is under way: the group has been answered, and waits for that.
#include "run/worker.h"

namespace thalweg {

void Worker::keep_membership() {
  if (member_ != nullptr) member_->still_here();
  const std::int64_t began = metrics_.call_began_ns.load(std::memory_order_relaxed);
  if (began == 0) return;
  const std::unique_lock baton(baton_, std::try_to_lock);
  if (!baton || in_service_ || closed_) return;
  standing_in_ = true;
  (void)collect();
  if (!has_stores_) (void)committer_->turn();
  // A call that ends soon is waited for, as long as on a revocation: its records need not be read again.
  if (clock_.monotonic() - std::chrono::nanoseconds(began) >= options_.revoke_timeout)
    source_->serve();
  standing_in_ = false;
}

}  // namespace thalweg
