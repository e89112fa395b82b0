#include "monitor/bins.h"

#include <algorithm>
#include <bit>
#include <limits>

namespace thalweg::monitor {

Bins::Bins(const FieldBaseline& baseline)
    : of_(baseline.of), count_(baseline.bins()), low_(baseline.low), high_(baseline.high) {
  cuts_.fill(std::numeric_limits<double>::infinity());
  std::copy_n(baseline.cuts.begin(), std::min(baseline.cuts.size(), cuts_.size()), cuts_.begin());
  if (of_ != FieldBaseline::Of::category) return;
  const std::size_t texts = baseline.top.size() + baseline.others.size();
  table_.resize(std::bit_ceil(std::max<std::size_t>(texts * 2, 8)));
  mask_ = table_.size() - 1;
  for (const std::string& text : baseline.others) put(text, other_bin);
  for (std::size_t i = 0; i < baseline.top.size(); ++i) put(baseline.top[i], other_bin + 1 + i);
}

void Bins::put(std::string_view text, std::size_t bin) {
  const std::size_t hash = std::hash<std::string_view>{}(text) | 1;
  std::size_t at = hash & mask_;
  while (table_[at].hash != 0) at = (at + 1) & mask_;
  table_[at] = {hash, static_cast<std::uint8_t>(bin)};
}

}  // namespace thalweg::monitor
