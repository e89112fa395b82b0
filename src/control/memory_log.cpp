#include "control/log.h"

namespace thalweg::control {

// Does not wait: whoever turns a controller by hand is not to be held up.
Result<std::vector<LogEntry>> MemoryLog::follow(std::chrono::milliseconds) {
  const std::lock_guard lock(entries_->mutex);
  std::vector<LogEntry> news;
  for (const LogEntry& entry : entries_->entries) {
    if (entry.offset >= position_) news.push_back(entry);
  }
  position_ = entries_->next;
  return news;
}

Result<std::int64_t> MemoryLog::append(const std::string& key,
                                       const std::optional<std::string>& value) {
  const std::lock_guard lock(entries_->mutex);
  if (entries_->compacted)
    std::erase_if(entries_->entries, [&](const LogEntry& e) { return e.key == key; });
  entries_->entries.push_back({entries_->next, key, value, -1});
  return entries_->next++;
}

Status MemoryLog::audit(const std::string& key, const std::string& value) {
  const std::lock_guard lock(entries_->mutex);
  entries_->audits.emplace_back(key, value);
  return {};
}

}  // namespace thalweg::control
