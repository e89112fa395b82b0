#include "run/committer.h"

#include "run/at_least_once.h"
#include "run/exactly_once.h"

namespace thalweg {

std::unique_ptr<Committer> make_committer(CommitParts parts) {
  if (Transaction* transaction = parts.sink.transaction())
    return std::make_unique<ExactlyOnce>(std::move(parts), *transaction);
  return std::make_unique<AtLeastOnce>(std::move(parts));
}

void begin_all(std::span<Store* const> stores) {
  for (Store* store : stores) store->begin();
}

Status commit_all(std::span<Store* const> stores) {
  for (Store* store : stores) {
    // No changelog is written yet: what is remembered lives as long as the worker.
    if (Status s = store->commit(Offset{-1}); !s) return s;
  }
  return {};
}

void abort_all(std::span<Store* const> stores) noexcept {
  for (Store* store : stores) store->abort();
}

}  // namespace thalweg
