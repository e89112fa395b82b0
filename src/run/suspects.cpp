#include "run/suspects.h"

#include <algorithm>

namespace thalweg {

Suspects::Suspects(std::vector<std::shared_ptr<CrashJournal>> journals)
    : journals_(std::move(journals)) {
  for (const auto& journal : journals_) {
    for (Entry& e : journal->entries()) {
      if (e.state != CrashJournal::State::suspect) continue;
      e.batch = 0;
      (e.tries >= tries_max ? guilty_ : to_try_).push_back(&e);
    }
  }
  look();
}

void Suspects::add(Entry& entry) {
  to_try_.push_back(&entry);
  look();
}

// Forgotten before its place is free: its worker may take it for something else at once.
void Suspects::cross_out(Entry& entry) noexcept {
  std::erase(to_try_, &entry);
  std::erase(guilty_, &entry);
  look();
  CrashJournal::cross_out(entry);
}

}  // namespace thalweg
