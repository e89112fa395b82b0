// The worker's third part: partitions that come and go, and commits.
#include <algorithm>

#include "run/worker.h"

namespace thalweg {
namespace {

using namespace std::chrono_literals;

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
    if (committer_->unsettled()) return true;
    return can_finish_more() &&
           std::any_of(partitions.begin(), partitions.end(),
                       [&](const auto& at) { return progress_.under_way(at); });
  };
  // What is not finished in time is given up: the next owner reads it again. When closing, or when a call has kept the group waiting, the
  // time is over already.
  if (!closed_ && !standing_in_) {
    committer_->hurry(true);
    (void)finish_within(options_.revoke_timeout, busy);
    committer_->hurry(false);
  }
  committer_->leave(partitions);
  give_up(partitions);
  options_.on_group("revoked", {partitions.begin(), partitions.end()});
}

void Worker::lost(std::span<const TopicPartition> partitions) {
  committer_->lost(partitions);
  give_up(
      partitions);  // somebody else may own them already: a commit of ours could take theirs back
  options_.on_group("lost", {partitions.begin(), partitions.end()});
}

void Worker::give_up(std::span<const TopicPartition> partitions) {
  crash_watch_.dropped(partitions);
  put_back_no_more(partitions);
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
    bool did = pump();
    did |= committer_->settle();
    if (did) continue;
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
  const int fd = committer_->wants_acknowledgements() ? sink_.fd() : -1;
  if (mailbox_.empty()) loop_.wait(at_most, fd);
  mailbox_.wake_on_push(false);
}

bool Worker::outputs_under_way() const {
  if (!awaiting_.empty()) return true;
  return !walking_.empty() && walking_.front()->next_output + walking_.front()->next_late > 0;
}

bool Worker::steps_under_way() const {
  return std::any_of(walking_.begin(), walking_.end(), [](const auto& run) {
    return run->phase != BatchRun::Phase::stepping || run->next_step > 0 || run->in_call;
  });
}

// A worker that failed goes on with what was encoded before.
bool Worker::nothing_to_send() const {
  return std::none_of(walking_.begin(), walking_.end(), [this](const auto& run) {
    return !failure_ || run->phase == BatchRun::Phase::sending;
  });
}

void Worker::serve_group() {
  came_round();
  serve_source();
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
