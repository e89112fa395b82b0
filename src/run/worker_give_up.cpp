// The worker's fourth part: records whose partition went before they were done. The next owner reads them again, so whatever has
// not been handed to the sink yet is not done here any more: no model call, no output, no dead letter. They count as given up.
#include <algorithm>

#include "run/worker.h"

namespace thalweg {

void Worker::give_up(BatchRun& run, std::span<const TopicPartition> partitions) {
  Batch& batch = run.batch;
  const auto theirs = [&](const SourceRecord& record) {
    return std::any_of(partitions.begin(), partitions.end(), [&](const TopicPartition& at) {
      return at.partition == record.partition && at.topic == record.topic;
    });
  };
  const auto mark = [&](std::size_t record) {
    if (!theirs(batch.record(record))) return;
    run.given_up.resize(batch.size());
    run.given_up[record] = true;
  };
  if (run.phase == BatchRun::Phase::stepping) {
    for (std::size_t i = 0; i < batch.size(); ++i) mark(i);
    return;
  }
  // Of a batch that is being sent: the records that still have something to send.
  for (std::size_t i = run.next_output; i < batch.outputs().size(); ++i)
    mark(batch.outputs()[i].record);
  for (std::size_t i = run.next_late; i < run.late.size(); ++i) mark(run.late[i].record);
}

// Takes the rows of given-up records out of a batch that no step has in its hands. True if none is left.
bool Worker::let_go(BatchRun& run) {
  if (run.given_up.empty()) return false;
  for (std::size_t i = 0; i < run.batch.size(); ++i) {
    if (run.given_up[i]) run.batch.dispose(i, Disposition::filtered);
  }
  run.batch.sweep();
  return std::all_of(run.given_up.begin(), run.given_up.end(), [](bool gone) { return gone; });
}

// Batches of which nothing is left need no further step.
void Worker::drop_given_up() {
  for (auto it = walking_.begin(); it != walking_.end();) {
    BatchRun& run = **it;
    if (run.phase != BatchRun::Phase::stepping || run.in_call || !let_go(run)) {
      ++it;
      continue;
    }
    run.records = run.batch.size();
    account(run);
    std::unique_ptr<BatchRun> owned = std::move(*it);
    it = walking_.erase(it);
    recycle(std::move(owned));
  }
}

// A batch that a step has in its hands, or whose outputs the sink has, goes when they give it back.
bool Worker::let_all_go() {
  // The ledger lies before what was to be put back, and is where reading begins again.
  std::erase_if(to_put_back_, [&](const auto& o) { return progress_.ledger(o.at).value >= 0; });
  for (auto it = walking_.begin(); it != walking_.end();) {
    BatchRun& run = **it;
    run.given_up.assign(run.batch.size(), true);
    if (run.in_call) {
      ++it;
      continue;
    }
    std::unique_ptr<BatchRun> owned = std::move(*it);
    it = walking_.erase(it);
    if (run.next_output + run.next_late > 0) {
      run.phase = BatchRun::Phase::awaiting;
      awaiting_.push_back(std::move(owned));
      run.release_one();
    } else {
      write_off(run);
      recycle(std::move(owned));
    }
  }
  return walking_.empty() && awaiting_.empty();
}

}  // namespace thalweg
