// The store in memory: a map, and the overlay of the open transaction over it.
#include "state/memory_store.h"

#include <cassert>

namespace thalweg {

void MemoryStore::begin() {
  assert(!open_);
  overlay_.clear();
  open_ = true;
}

Status MemoryStore::commit(Offset changelog) {
  if (!open_) return Error(Code::internal, "store: commit without begin");
  for (auto& [key, value] : overlay_) {
    if (value) {
      committed_.insert_or_assign(key, std::move(*value));
    } else {
      committed_.erase(key);
    }
  }
  overlay_.clear();
  changelog_ = changelog;
  open_ = false;
  return {};
}

void MemoryStore::abort() noexcept {
  overlay_.clear();
  open_ = false;
}

Result<std::optional<std::string_view>> MemoryStore::get(std::string_view key) {
  using Found = std::optional<std::string_view>;
  if (const auto it = overlay_.find(key); it != overlay_.end()) {
    return it->second ? Found(*it->second) : Found();
  }
  const auto it = committed_.find(key);
  return it != committed_.end() ? Found(it->second) : Found();
}

Status MemoryStore::put(std::string_view key, std::string_view value) {
  return write(key, value);
}

Status MemoryStore::erase(std::string_view key) {
  return write(key, std::nullopt);
}

Status MemoryStore::write(std::string_view key, std::optional<std::string_view> value) {
  if (!open_) return Error(Code::internal, "store: write outside begin and commit");
  // The arguments may be views into this store (get, then put): copy before touching the map.
  std::optional<std::string> copy;
  if (value) copy.emplace(*value);
  if (const auto it = overlay_.find(key); it != overlay_.end()) {
    it->second = std::move(copy);
  } else {
    overlay_.emplace(std::string(key), std::move(copy));
  }
  return {};
}

}  // namespace thalweg
