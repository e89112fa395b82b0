#include "run/stopped_time.h"

#include <algorithm>

namespace thalweg {
namespace {

// Of a process that is frozen again and again the oldest are forgotten: then they count for a call that has run since.
constexpr std::size_t stops_kept = 64;

}  // namespace

void StoppedTime::look(Time now) {
  const std::lock_guard lock(mutex_);
  if (looked_at_ != Time{0} && now - looked_at_ > looks_within) stops_.push_back({looked_at_, now});
  if (stops_.size() > stops_kept) stops_.pop_front();
  looked_at_ = now;
}

StoppedTime::Time StoppedTime::since(Time begin, Time now) const {
  const std::lock_guard lock(mutex_);
  Time all{0};
  for (const Stop& stop : stops_) {
    if (stop.to > begin) all += stop.to - std::max(stop.from, begin);
  }
  const bool stopped_now = looked_at_ != Time{0} && now - looked_at_ > looks_within;
  if (stopped_now) all += now - std::max(looked_at_, begin);
  return all;
}

}  // namespace thalweg
