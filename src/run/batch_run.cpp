#include "run/batch_run.h"

namespace thalweg {

void RunMailbox::push(BatchRun& run) noexcept {
  BatchRun* top = top_.load(std::memory_order_relaxed);
  do {
    run.next_in_mailbox = top;
  } while (
      !top_.compare_exchange_weak(top, &run, std::memory_order_seq_cst, std::memory_order_relaxed));
  if (wake_.load(std::memory_order_seq_cst)) loop_.wake();
}

void BatchRun::delivered(OutputRecord& output, const Error* failure) noexcept {
  if (failure != nullptr) {
    const std::lock_guard lock(failures_mutex);
    failures.emplace_back(&output, *failure);
  }
  if (failure != nullptr) acknowledged->failed();
  release_one();
}

std::optional<std::pair<OutputRecord*, Error>> BatchRun::first_failure() {
  const std::lock_guard lock(failures_mutex);
  if (failures.empty()) return std::nullopt;
  return failures.front();
}

void BatchRun::reset() noexcept {
  batch.reset();
  parts.clear();
  held_bytes = records = 0;
  given_up.clear();
  phase = Phase::stepping;
  next_step = 0;
  pending = in_call = false;
  resumed.store(false, std::memory_order_relaxed);
  attempts = 0;
  retry_at = step_began = std::chrono::nanoseconds{0};
  next_output = next_late = 0;
  late.clear();
  unreported.store(0, std::memory_order_relaxed);
  next_in_mailbox = nullptr;
  failures.clear();
}

}  // namespace thalweg
