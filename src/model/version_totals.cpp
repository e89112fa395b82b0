#include "model/version_totals.h"

#include <algorithm>
#include <bit>
#include <numeric>

namespace thalweg {

std::size_t CallTimes::bucket_of(std::uint64_t ns) noexcept {
  if (ns < 4) return static_cast<std::size_t>(ns);
  const auto power = static_cast<std::size_t>(std::bit_width(ns)) - 1;
  const std::size_t quarter = (ns >> (power - 2)) & 3;
  return std::min(buckets - 1, (power - 1) * 4 + quarter);
}

double CallTimes::end_of(std::size_t bucket) noexcept {
  if (bucket < 4) return static_cast<double>(bucket + 1);
  const std::size_t power = bucket / 4 + 1;
  return static_cast<double>((bucket % 4 + 5) << (power - 2));
}

std::uint64_t CallTimes::calls() const noexcept {
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

double CallTimes::quantile_ns(double quantile) const noexcept {
  const double wanted = quantile * static_cast<double>(calls());
  double before = 0;
  for (std::size_t i = 0; i < buckets; ++i) {
    const auto here = static_cast<double>(counts[i]);
    if (here > 0 && before + here >= wanted) {
      const double begin = i == 0 ? 0 : end_of(i - 1);
      return begin + (end_of(i) - begin) * std::max(0.0, wanted - before) / here;
    }
    before += here;
  }
  return 0;
}

void CallTimes::add(const CallTimes& other) noexcept {
  for (std::size_t i = 0; i < buckets; ++i) counts[i] += other.counts[i];
  sum_ns += other.sum_ns;
}

void VersionTotals::add(const VersionTotals& other) noexcept {
  rows += other.rows;
  answered += other.answered;
  nan_rows += other.nan_rows;
  failed_uses += other.failed_uses;
  for (std::size_t i = 0; i < lost.size(); ++i) lost[i] += other.lost[i];
  times.add(other.times);
}

const char* to_string(Role role) noexcept {
  switch (role) {
    case Role::variant: return "variant";
    case Role::fallback: return "fallback";
    case Role::shadow: break;
  }
  return "shadow";
}

const char* to_string(ShadowLoss why) noexcept {
  switch (why) {
    case ShadowLoss::busy: return "busy";
    case ShadowLoss::lagging: return "lagging";
    case ShadowLoss::disabled: break;
  }
  return "disabled";
}

namespace {

template <class Same>
std::vector<VersionTotals> merged_where(std::vector<VersionTotals> all, const Same& same_entry) {
  std::vector<VersionTotals> sums;
  for (VersionTotals& one : all) {
    const auto same = std::find_if(sums.begin(), sums.end(),
                                   [&](const VersionTotals& sum) { return same_entry(sum, one); });
    if (same == sums.end()) {
      sums.push_back(std::move(one));
    } else {
      same->add(one);
    }
  }
  return sums;
}

}  // namespace

std::vector<VersionTotals> merged(std::vector<VersionTotals> all) {
  return merged_where(std::move(all),
                      [](const VersionTotals& a, const VersionTotals& b) { return a.same_as(b); });
}

std::vector<VersionTotals> merged_by_labels(std::vector<VersionTotals> all) {
  return merged_where(std::move(all), [](const VersionTotals& a, const VersionTotals& b) {
    return a.has_labels_of(b);
  });
}

}  // namespace thalweg
