// The worker's fifth part: its group is served while its own thread is inside of a call that does not come back.
//
// Who has the baton is the worker. Its thread has it always, but not inside of a step's call: the batch is in the step's hands then, as with
// an asynchronous step, and the rest of the worker stands still. So another thread may take the baton, hear what the group has to say and
// answer it: partitions that come, and partitions that go, whose records in the call are given up, so that the call's answer is dropped
// when it comes. The worker's thread takes the baton again before it goes on.
//
// Nothing else is done here: no record is taken, no step is run, no output is sent. And nothing at all where the call itself runs inside of a
// rebalance, to finish what is under way: the group has been answered, and waits for that.
#include "run/worker.h"

namespace thalweg {

void Worker::keep_membership() {
  if (member_ != nullptr) member_->still_here();
  // A call that ends soon is waited for, as long as on a revocation: its records need not be read again.
  const std::int64_t began = metrics_.call_began_ns.load(std::memory_order_relaxed);
  if (began == 0 || clock_.monotonic() - std::chrono::nanoseconds(began) < options_.revoke_timeout)
    return;
  const std::unique_lock baton(baton_, std::try_to_lock);
  if (!baton || in_service_ || closed_) return;
  standing_in_ = true;
  // What was acknowledged since the call began can be committed when its partition goes.
  (void)sink_.poll();
  (void)take_acknowledged();
  source_->serve();
  standing_in_ = false;
}

}  // namespace thalweg
