// The records that were inside of a step when the last process ended, of all workers of a pipeline.
//
// Each worker has a journal of its own; but after a restart a partition may come to another worker than before, and its records are no less
// suspect there. So whoever finds one looks here, in the journals of all.
//
// Any worker's thread. Whoever looks holds the mutex; there is seldom anything to look at, and any() tells without it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "run/crash_journal.h"

namespace thalweg {

class Suspects {
 public:
  using Entry = CrashJournal::Entry;
  static constexpr std::uint32_t tries_max = 2;

  explicit Suspects(std::vector<std::shared_ptr<CrashJournal>> journals);

  // Some wait to be tried alone, or to be condemned.
  [[nodiscard]] bool any() const noexcept { return any_.load(std::memory_order_acquire); }

  // --- REQUIRES the mutex -----------------------------------------------------------------------------------
  [[nodiscard]] std::mutex& mutex() noexcept { return mutex_; }
  // To be tried: ranges, and single ones that have a try left.
  [[nodiscard]] const std::vector<Entry*>& to_try() const noexcept { return to_try_; }
  // Had their tries.
  [[nodiscard]] const std::vector<Entry*>& guilty() const noexcept { return guilty_; }
  void add(Entry& entry);
  // It is nobody's concern any more: acquitted, or behind what is read.
  void cross_out(Entry& entry) noexcept;
  // Which file to name, and to remove.
  [[nodiscard]] const std::string& path() const noexcept { return journals_.front()->path(); }

  // Records that were found guilty with none that passed between them.
  [[nodiscard]] std::uint32_t sentenced_in_a_row() const noexcept {
    return journals_.front()->sentenced_in_a_row();
  }
  void set_sentenced_in_a_row(std::uint32_t number) noexcept {
    journals_.front()->set_sentenced_in_a_row(number);
  }

 private:
  void look() noexcept {
    any_.store(!to_try_.empty() || !guilty_.empty(), std::memory_order_release);
  }
  const std::vector<std::shared_ptr<CrashJournal>> journals_;
  std::mutex mutex_;
  std::vector<Entry*> to_try_, guilty_;
  std::atomic<bool> any_{false};
};

}  // namespace thalweg
