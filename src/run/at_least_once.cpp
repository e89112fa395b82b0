#include "run/at_least_once.h"

namespace thalweg {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::nanoseconds finish_timeout = 10s;

}  // namespace

void AtLeastOnce::open() {
  next_ = p_.clock.monotonic() + p_.options.commit_interval;
  begin_all(p_.stores);
}

std::chrono::nanoseconds AtLeastOnce::due() const {
  const bool anything = p_.progress.anything_to_commit() || p_.host.outputs_under_way();
  return anything ? next_ : std::chrono::nanoseconds::max();
}

bool AtLeastOnce::turn() {
  if (p_.clock.monotonic() < next_) return false;
  next_ = p_.clock.monotonic() + p_.options.commit_interval;
  if (!p_.progress.anything_to_commit()) return false;
  if (!commit(false)) p_.options.on_error(*last_error_, false);
  return true;
}

// False if it failed; then it is tried again at the next interval.
bool AtLeastOnce::commit(bool wait) {
  offsets_.clear();
  p_.progress.take(offsets_);
  if (offsets_.empty() && !wait) return true;
  if (!offsets_.empty()) p_.metrics.commits.add();
  Status status = p_.source.commit(offsets_, wait);
  if (status.ok()) status = commit_all(p_.stores);
  if (status.ok()) {
    begin_all(p_.stores);
    return true;
  }
  p_.metrics.commit_failures.add();
  p_.progress.give_back(offsets_);
  last_error_ = status.error();
  return false;
}

void AtLeastOnce::leave(std::span<const TopicPartition> partitions) {
  offsets_.clear();
  for (const TopicPartition& at : partitions) p_.progress.take(at, offsets_);
  if (!offsets_.empty()) p_.metrics.commits.add();
  // Also without new offsets: an earlier commit of these may not have gone through.
  if (Status status = p_.source.commit(offsets_, true); !status.ok()) {
    p_.metrics.commit_failures.add();
    p_.options.on_error(status.error(), false);
  }
}

// While the group is being balanced a commit is refused, and goes through when the group has been served.
void AtLeastOnce::finish() {
  const auto deadline = p_.clock.monotonic() + finish_timeout;
  while (!commit(true)) {
    if (p_.options.by_hand || p_.clock.monotonic() >= deadline)
      return p_.options.on_error(*last_error_, false);
    p_.host.serve_group();
    p_.loop.wait(50ms);
  }
}

}  // namespace thalweg
