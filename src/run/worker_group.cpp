// The worker's third part: partitions that come and go, and commits.
#include <algorithm>

#include "run/worker.h"

namespace thalweg {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::nanoseconds commit_for_good_timeout = 10s;

}  // namespace

void Worker::assigned(std::span<const TopicPartition> partitions) {
  for (const TopicPartition& at : partitions) {
    progress_.assign(at);
    if (std::find(held_partitions_.begin(), held_partitions_.end(), at) == held_partitions_.end()) {
      held_partitions_.push_back(at);
    }
  }
  metrics_.rebalances.add();
  metrics_.partitions.set(held_partitions_.size());
  metrics_.joined.store(true, std::memory_order_relaxed);
  options_.on_group("assigned", {partitions.begin(), partitions.end()});
}

void Worker::revoked(std::span<const TopicPartition> partitions) {
  const auto busy = [&] {
    return can_finish_more() &&
           std::any_of(partitions.begin(), partitions.end(),
                       [&](const auto& at) { return progress_.under_way(at); });
  };
  // What is not finished in time is given up: the next owner reads it again. When closing, the time is over already.
  if (!closed_) (void)finish_within(options_.revoke_timeout, busy);
  offsets_.clear();
  for (const TopicPartition& at : partitions) progress_.take(at, offsets_);
  if (!offsets_.empty()) metrics_.commits.add();
  // Also without new offsets: an earlier commit of these may not have gone through.
  if (Status status = source_->commit(offsets_, true); !status.ok()) {
    metrics_.commit_failures.add();
    options_.on_error(status.error(), false);
  }
  give_up(partitions);
  options_.on_group("revoked", {partitions.begin(), partitions.end()});
}

void Worker::lost(std::span<const TopicPartition> partitions) {
  give_up(
      partitions);  // somebody else may own them already: a commit of ours could take theirs back
  options_.on_group("lost", {partitions.begin(), partitions.end()});
}

void Worker::give_up(std::span<const TopicPartition> partitions) {
  for (const TopicPartition& at : partitions) {
    progress_.drop(at);
    std::erase(held_partitions_, at);
  }
  for (const auto& run : walking_) give_up(*run, partitions);
  drop_given_up();
  metrics_.partitions.set(held_partitions_.size());
}

void Worker::source_error(const Error& error) {
  if (error.retry() == Retry::fatal) {
    stop_with(error);
  } else {
    options_.on_error(error, false);
  }
}

// After a failure what has left the steps is still brought to its end, and nothing else.
bool Worker::can_finish_more() const {
  return !awaiting_.empty() || std::any_of(walking_.begin(), walking_.end(), [&](const auto& run) {
    return !failure_ || run->phase == BatchRun::Phase::sending;
  });
}

bool Worker::finish_within(std::chrono::milliseconds timeout,
                           const std::function<bool()>& still_busy) {
  const auto deadline = clock_.monotonic() + timeout;
  while (still_busy()) {
    if (pump()) continue;
    if (options_.by_hand) return false;
    const auto left = deadline - clock_.monotonic();
    if (left <= 0ns) return false;
    wait_for_deliveries(std::min<std::chrono::nanoseconds>(left, 100ms));
  }
  return true;
}

void Worker::wait_for_deliveries(std::chrono::nanoseconds at_most) {
  mailbox_.wake_on_push(true);
  // Looked at after asking to be woken: a push in between is seen by one of the two.
  // Another worker may take the sink's wake-up from us; a queue that has room again is then seen a little later.
  if (sink_full_) at_most = std::min<std::chrono::nanoseconds>(at_most, 20ms);
  if (mailbox_.empty()) loop_.wait(at_most, sink_.fd());
  mailbox_.wake_on_push(false);
}

bool Worker::commit_if_due() {
  if (clock_.monotonic() < next_commit_) return false;
  next_commit_ = clock_.monotonic() + options_.commit_interval;
  if (!progress_.anything_to_commit()) return false;
  if (!commit_all(false)) options_.on_error(*last_commit_error_, false);
  return true;
}

// False if it failed; then it is tried again at the next interval.
bool Worker::commit_all(bool wait) {
  offsets_.clear();
  progress_.take(offsets_);
  if (offsets_.empty() && !wait) return true;
  if (!offsets_.empty()) metrics_.commits.add();
  const Status status = source_->commit(offsets_, wait);
  if (status.ok()) return true;
  metrics_.commit_failures.add();
  progress_.give_back(offsets_);
  last_commit_error_ = status.error();
  return false;
}

// The last commit, at the end. While the group is being balanced it is refused, and goes through when the group has been served.
void Worker::commit_for_good() {
  const auto deadline = clock_.monotonic() + commit_for_good_timeout;
  while (!commit_all(true)) {
    if (options_.by_hand || clock_.monotonic() >= deadline)
      return options_.on_error(*last_commit_error_, false);
    came_round();
    source_->serve();
    loop_.wait(50ms);
  }
}

void Worker::publish_lag() {
  const auto now = clock_.monotonic();
  if (now < next_lag_) return;
  next_lag_ = now + 2s;
  lag_scratch_.clear();
  source_->lag(lag_scratch_);
  std::vector<PartitionLag> published;
  published.reserve(lag_scratch_.size());
  for (const Lag& lag : lag_scratch_) {
    const Timestamp last = progress_.last_timestamp(lag.at);
    const double seconds = lag.records > 0 && last.ms >= 0
                               ? static_cast<double>(clock_.now().ms - last.ms) / 1000.0
                               : 0.0;
    published.push_back({lag.at, lag.records, std::max(seconds, 0.0)});
  }
  metrics_.publish_lag(std::move(published));
}

}  // namespace thalweg
