// One batch on its way: where it is, what it still waits for.
//
//   stepping ──▶ sending ──▶ awaiting ──▶ (finished: progress, accounting, back to the pool)
//      │ ▲          │ ▲          │
//      ▼ │          ▼ │          ▼
//   pending       queue full   an output was refused: its record becomes a dead letter, which is sent and awaited too
//   (async step)
//
// Owned by the worker; `delivered` and `resumed` are the two calls that other threads make.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "thalweg/batch.h"

#include "run/event_loop.h"
#include "run/progress.h"

namespace thalweg {

struct BatchRun;

// Where other threads leave runs for their worker: an intrusive stack, taken whole, so nothing locks and nothing allocates.
class RunMailbox {
 public:
  explicit RunMailbox(EventLoop& loop) : loop_(loop) {}
  void push(BatchRun& run) noexcept;
  // All that was pushed since the last take, in no particular order; follow BatchRun::next_in_mailbox.
  [[nodiscard]] BatchRun* take() noexcept {
    return top_.exchange(nullptr, std::memory_order_acquire);
  }
  // An output was not delivered. Its batch may still wait long for the others; who takes them back wants to know now.
  void failed() noexcept {
    failed_.store(true, std::memory_order_release);
    loop_.wake();
  }
  [[nodiscard]] bool take_failed() noexcept {
    return failed_.load(std::memory_order_relaxed) &&
           failed_.exchange(false, std::memory_order_acquire);
  }
  // Only a worker that waits for deliveries wants to be woken by them.
  void wake_on_push(bool wanted) noexcept { wake_.store(wanted, std::memory_order_seq_cst); }
  [[nodiscard]] bool empty() const noexcept {
    return top_.load(std::memory_order_acquire) == nullptr;
  }

 private:
  EventLoop& loop_;
  std::atomic<BatchRun*> top_{nullptr};
  std::atomic<bool> wake_{false};
  std::atomic<bool> failed_{false};
};

struct BatchRun final : DeliveryListener {
  enum class Phase : std::uint8_t { stepping, sending, awaiting };

  explicit BatchRun(RunMailbox& mailbox) : acknowledged(&mailbox) {}

  // The records of one partition in this batch: finished together.
  struct Part {
    OffsetProgress::Ticket ticket;
    std::string_view topic;  // stable as long as the source lives
    Partition at;
    Offset first, next;
    std::size_t records = 0;
    Timestamp last_timestamp;
  };

  Batch batch;
  std::uint64_t sequence = 0;
  Phase phase = Phase::stepping;
  std::vector<Part> parts;
  std::size_t records =
      0;  // how many of the batch's are brought to an end: all, or those before a stop
  std::size_t held_bytes = 0;  // counted as held since it was encoded
  std::vector<bool> given_up;  // by record, when its partition went too early; empty: none

  // stepping
  std::size_t next_step = 0;
  bool in_call = false;              // a step has it now, in this thread or elsewhere
  bool pending = false;              // an asynchronous step has it
  std::atomic<bool> resumed{false};  // … and has given it back
  std::uint32_t attempts = 0;        // of the present step, after failures that may pass
  std::chrono::nanoseconds retry_at{0};
  std::chrono::nanoseconds step_began{0};

  // sending. `late` holds dead letters made after a delivery failed: addresses must stay.
  std::size_t next_output = 0;
  std::deque<OutputRecord> late;
  std::size_t next_late = 0;

  // awaiting: outputs handed to the sink and not reported yet, plus one while the worker still sends.
  std::atomic<std::uint32_t> unreported{0};
  RunMailbox* acknowledged;
  BatchRun* next_in_mailbox = nullptr;
  std::mutex failures_mutex;  // failures are rare; the good way never takes it
  std::vector<std::pair<OutputRecord*, Error>> failures;

  [[nodiscard]] bool is_given_up(std::size_t record) const noexcept {
    return !given_up.empty() && given_up[record];
  }
  void delivered(OutputRecord& output, const Error* failure) noexcept override;
  // The first failure so far, if any. Any time.
  [[nodiscard]] std::optional<std::pair<OutputRecord*, Error>> first_failure();
  // Lets go of one count; the last one puts the run into the mailbox.
  void release_one() noexcept {
    if (unreported.fetch_sub(1, std::memory_order_acq_rel) == 1) acknowledged->push(*this);
  }
  void reset() noexcept;
};

}  // namespace thalweg
