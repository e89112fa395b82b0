// Any bytes as the journal that a dead process left: whatever is taken for a suspect makes sense, and there is room for a new batch.
#include "fuzz/input.h"
#include "run/crash_journal.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace thalweg;
  using fuzz::require;
  using State = CrashJournal::State;
  static const fuzz::Folder folder("journal");
  folder.write("p-0.inside", fuzz::text_of(data, size));
  auto journal = CrashJournal::open(folder.path(), "p", 0);
  require(journal.ok());
  for (const CrashJournal::Entry& entry : (*journal)->entries()) {
    if (entry.state == State::free) continue;
    require(entry.state == State::suspect);
    require(entry.first >= 0 && entry.first <= entry.last && entry.partition >= 0);
    require(!entry.topic_name().empty() && entry.topic_size < sizeof entry.topic);
  }
  const auto* added = (*journal)->add(State::inside, "orders", {3}, {5}, {9});
  require(added != nullptr && added->holds("orders", {3}) && added->tries == 0);
  const std::uint32_t before = (*journal)->sentenced_in_a_row();
  journal->reset();
  // The next process suspects it, once.
  auto next = CrashJournal::open(folder.path(), "p", 0);
  require(next.ok() && (*next)->sentenced_in_a_row() == before);
  int found = 0;
  for (const CrashJournal::Entry& entry : (*next)->entries()) {
    if (entry.state == State::suspect && entry.holds("orders", {3}) && entry.first == 5 &&
        entry.last == 9)
      ++found;
  }
  require(found >= 1);
  return 0;
}
