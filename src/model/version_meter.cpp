#include "model/version_meter.h"

#include <algorithm>
#include <cmath>

namespace thalweg {
namespace {

template <class T>
bool is_nan_in(const Column& column, std::size_t row) {
  const auto values = column.row<T>(row);
  return std::any_of(values.begin(), values.end(), [](T v) { return std::isnan(v); });
}

bool is_nan_in(const Column& column, std::size_t row) {
  switch (column.type().dtype) {
    case DType::float32: return is_nan_in<float>(column, row);
    case DType::float64: return is_nan_in<double>(column, row);
    default: return false;
  }
}

template <class T>
bool any_nan(const Column& column) {
  const auto values = column.values<T>();
  bool any = false;
  for (const T v : values) any |= v != v;  // without a branch: one pass over all numbers
  return any;
}

bool any_nan(const Column& column) {
  switch (column.type().dtype) {
    case DType::float32: return any_nan<float>(column);
    case DType::float64: return any_nan<double>(column);
    default: return false;
  }
}

std::uint64_t rows_with_nan(std::span<const Column> outputs, std::size_t rows) {
  if (std::none_of(outputs.begin(), outputs.end(), [](const Column& c) { return any_nan(c); }))
    return 0;
  std::uint64_t count = 0;
  for (std::size_t row = 0; row < rows; ++row) {
    count += std::any_of(outputs.begin(), outputs.end(),
                         [row](const Column& c) { return is_nan_in(c, row); })
                 ? 1
                 : 0;
  }
  return count;
}

}  // namespace

VersionMeter::Entry& VersionMeter::entry(const ModelVersion& version, const std::string& variant,
                                         Role role) {
  ++uses_;
  for (const auto& entry : entries_) {
    const VersionTotals& who = entry->who;
    if (who.version == version.version && who.role == role && who.variant == variant &&
        who.model == version.model && who.path == version.path &&
        who.content == version.identity()) {
      entry->last_use = uses_;
      return *entry;
    }
  }
  auto fresh = std::make_unique<Entry>();
  fresh->who.model = version.model;
  fresh->who.version = version.version;
  fresh->who.path = version.path;
  fresh->who.content = version.identity();
  fresh->who.variant = variant;
  fresh->who.role = role;
  fresh->last_use = uses_;
  const std::lock_guard lock(mutex_);
  if (entries_.size() == versions_max) {
    entries_.erase(
        std::min_element(entries_.begin(), entries_.end(),
                         [](const auto& a, const auto& b) { return a->last_use < b->last_use; }));
  }
  return *entries_.emplace_back(std::move(fresh));
}

void VersionMeter::scored(const Scored& scored) noexcept {
  static const std::string none;
  Entry& to =
      entry(scored.version, scored.variant == nullptr ? none : scored.variant->name, scored.role);
  to.rows.add(scored.rows.size());
  to.answered.add(scored.answered.size());
  if (scored.failed) to.failed_uses.add(1);
  if (!scored.outputs.empty())
    to.nan_rows.add(rows_with_nan(scored.outputs, scored.answered.size()));
  if (scored.model_calls == 0) return;
  const auto each =
      static_cast<std::uint64_t>(std::max<std::int64_t>(scored.model_ns, 0)) / scored.model_calls;
  to.times[CallTimes::bucket_of(each)].add(scored.model_calls);
  to.sum_ns.add(each * scored.model_calls);
}

void VersionMeter::shadow_lost(const ModelVersion& shadow, std::size_t rows,
                               ShadowLoss why) noexcept {
  entry(shadow, {}, Role::shadow).lost[static_cast<std::size_t>(why)].add(rows);
}

std::vector<VersionTotals> VersionMeter::totals() const {
  const std::lock_guard lock(mutex_);
  std::vector<VersionTotals> all;
  for (const auto& entry : entries_) {
    VersionTotals one = entry->who;
    one.rows = entry->rows.get();
    one.answered = std::min(one.rows, entry->answered.get());  // read while they are written
    one.nan_rows = entry->nan_rows.get();
    one.failed_uses = entry->failed_uses.get();
    for (std::size_t i = 0; i < one.lost.size(); ++i) one.lost[i] = entry->lost[i].get();
    for (std::size_t i = 0; i < CallTimes::buckets; ++i)
      one.times.counts[i] = entry->times[i].get();
    one.times.sum_ns = static_cast<double>(entry->sum_ns.get());
    all.push_back(std::move(one));
  }
  return all;
}

}  // namespace thalweg
