// What is inside of a worker's steps, in a file that outlives the process.
//
// A model is native code: a record can take the whole process with it, and would again after the restart. So before a batch enters a step its
// offsets are written down here, and crossed out when it has left. The file is mapped: writing is a store, no system call, and what was
// stored is in the file however the process ends. (When the machine ends it may be lost, or old: then nothing is suspected.)
//
//   free ─enter─▶ inside ─leave─▶ free        a batch, as one entry a partition
//                   │
//                   └─ the process ends ─▶ suspect: to be tried alone (crash_watch.h)
//
//   alone: an entry of one offset, whose `tries` is one higher while it is inside. So a process that ends leaves it counted.
//
// An entry that is suspect may be another worker's business (suspects.h), its state is read and written atomically therefore.
//
// One file a worker, locked, of fixed size and with its room taken at once, since a disk that is full later would end the process at a store.
// Belongs to one worker's thread once it is open, but for that.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "thalweg/error.h"
#include "thalweg/ids.h"

namespace thalweg {

class CrashJournal {
 public:
  enum class State : std::uint32_t { free, inside, suspect };
  // As it lies in the file.
  struct Entry {
    State state = State::free;
    std::int32_t partition = 0;
    std::int64_t first = 0, last = 0;  // offsets
    std::uint64_t batch = 0;           // whose it is, while inside
    std::uint32_t tries = 0;           // alone, that the process did not live through
    std::uint32_t step = 0;            // which it was in
    std::uint32_t sentenced = 0;       // counted in `sentenced_in_a_row`
    std::uint32_t topic_size = 0;
    char topic[256] = {};

    [[nodiscard]] std::string_view topic_name() const noexcept { return {topic, topic_size}; }
    [[nodiscard]] bool holds(std::string_view name, Partition at) const noexcept {
      return partition == at.value && topic_name() == name;
    }
  };

  // What a predecessor left inside is suspect now. The directory is made if it is missing. Errors: io_failed, config_invalid (another process
  // holds the file).
  [[nodiscard]] static Result<std::unique_ptr<CrashJournal>> open(const std::string& directory,
                                                                  const std::string& pipeline,
                                                                  std::size_t worker);
  [[nodiscard]] static bool is_there(const std::string& directory, const std::string& pipeline,
                                     std::size_t worker);
  ~CrashJournal();
  CrashJournal(const CrashJournal&) = delete;
  CrashJournal& operator=(const CrashJournal&) = delete;

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] std::span<Entry> entries() noexcept;
  // Null when there is no room, or the topic's name is longer than Kafka allows: then it is not written down.
  [[nodiscard]] Entry* add(State state, std::string_view topic, Partition partition, Offset first,
                           Offset last) noexcept;
  // Any journal's entry, any thread.
  static void cross_out(Entry& entry) noexcept;
  // Records that were found guilty with none that passed between them.
  [[nodiscard]] std::uint32_t sentenced_in_a_row() const noexcept;
  void set_sentenced_in_a_row(std::uint32_t number) noexcept;

 private:
  struct File;
  CrashJournal(std::string path, int fd, File* file)
      : path_(std::move(path)), fd_(fd), file_(file) {}
  void take_over() noexcept;

  std::string path_;
  int fd_;
  File* file_;
  std::size_t used_ = 0;  // no entry at or behind this place is in use
};

[[nodiscard]] inline CrashJournal::State state_of(const CrashJournal::Entry& entry) noexcept {
  CrashJournal::State state;
  __atomic_load(&entry.state, &state, __ATOMIC_ACQUIRE);
  return state;
}
// A store that is in the file before those that follow it.
inline void store_in_order(CrashJournal::State& to, CrashJournal::State value) noexcept {
  __atomic_store(&to, &value, __ATOMIC_RELEASE);
}

}  // namespace thalweg
