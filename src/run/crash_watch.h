// Finds the record that kills the process.
//
//   a process ends with batches inside ─▶ the next one finds their offsets in the journals: suspects (suspects.h)
//   a suspect arrives, at any worker   ─▶ what arrived with it is put back, and read again one record a batch
//   each suspect                       ─▶ goes through its steps alone, with nobody else inside (crash_gate.h)
//       it comes out                   ─▶ innocent, forgotten
//       the process ends, twice        ─▶ guilty: a dead letter, `crashed_process`, without being tried again
//
// So a SIGKILL from outside buries nobody: its suspects are tried, and come out. What is assumed: nobody kills the process from outside twice while
// the very same record is alone inside. A model that takes the process with it at every record would bury one after the other: when
// `sentenced_max` were found guilty and none has passed between them, the worker stops instead.
//
// Without a journal nothing is remembered, only the gate is kept. Belongs to one worker's thread.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "run/batch_run.h"
#include "run/chain.h"
#include "run/crash_gate.h"
#include "run/crash_journal.h"
#include "run/suspects.h"

namespace thalweg {

class CrashWatch {
 public:
  static constexpr std::uint32_t sentenced_max = 10;

  // `journal`, the worker's own, may be null. `suspects` are shared with the pipeline's other workers; null: there are none.
  explicit CrashWatch(std::shared_ptr<CrashJournal> journal,
                      std::shared_ptr<Suspects> suspects = nullptr,
                      CrashGate& gate = CrashGate::get());
  ~CrashWatch();  // what is inside stays in the journal
  CrashWatch(const CrashWatch&) = delete;
  CrashWatch& operator=(const CrashWatch&) = delete;

  // --- before a batch begins; `parts` are known ---------------------------------------------------------------
  // A suspect came with others: put them all back, and take one at a time.
  [[nodiscard]] bool must_be_put_back(const BatchRun& run);
  [[nodiscard]] bool one_by_one() const noexcept;
  // Fails the guilty ones. An error: too many, so it is not they.
  [[nodiscard]] Status condemn(BatchRun& run, std::span<const ChainStep> steps);

  // --- its steps ----------------------------------------------------------------------------------------------
  // False: somebody else is alone inside, or would be beside us; come back a little later.
  [[nodiscard]] bool enter(BatchRun& run);
  void leave(BatchRun& run) noexcept;
  // It came through all its steps.
  void passed(const BatchRun& run) noexcept;
  // A batch is gone, whether it passed or not.
  void gone(const BatchRun& run) noexcept {
    if (waits_to_be_alone_ == &run) stand_back();
  }

  // --- the worker ---------------------------------------------------------------------------------------------
  void dropped(std::span<const TopicPartition> partitions) noexcept;
  // An end in good order: nothing is inside any more.
  void close() noexcept;

 private:
  using Entry = CrashJournal::Entry;
  void stand_back() noexcept;
  [[nodiscard]] Status sentence(Entry& entry);
  [[nodiscard]] bool is_suspect(const SourceRecord& record);
  [[nodiscard]] Entry* alone_entry(const BatchRun& run);
  void write_down(const BatchRun& run) noexcept;

  std::shared_ptr<CrashJournal> journal_;
  std::shared_ptr<Suspects> suspects_;  // null only without a journal
  CrashGate& gate_;
  std::uint32_t inside_ = 0;  // batches of ours that the gate counts
  // Keeps newcomers out of the process's steps: waits for those inside to come out, or is alone inside.
  const BatchRun* waits_to_be_alone_ = nullptr;
  Entry* alone_ = nullptr;               // what is alone inside
  std::vector<TopicPartition> at_hand_;  // where suspects have arrived and are not all through
};

}  // namespace thalweg
