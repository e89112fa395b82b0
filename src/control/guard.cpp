#include "control/guard.h"

#include <algorithm>

#include <fmt/format.h>

namespace thalweg::control {
namespace {

bool same(const NowServing& a, const NowServing& b) {
  return a.epoch == b.epoch &&
         std::equal(a.variants.begin(), a.variants.end(), b.variants.begin(), b.variants.end(),
                    [](const NowServing::One& x, const NowServing::One& y) {
                      return x.variant == y.variant && x.same_version_as(y);
                    });
}

// As a variant or a fallback: a shadow answers to nobody, and has time that nobody else wants.
VersionTotals sum_of(const std::vector<VersionTotals>& totals, const NowServing::One& version) {
  VersionTotals sum;
  sum.version = version.version;
  for (const VersionTotals& one : totals) {
    const bool its = one.version == version.version && one.path == version.path &&
                     one.content == version.content;
    if (its && one.role != Role::shadow) sum.add(one);
  }
  return sum;
}

VersionTotals since(VersionTotals now, const VersionTotals& begin) {
  now.rows -= begin.rows;
  now.answered -= begin.answered;
  now.nan_rows -= begin.nan_rows;
  for (std::size_t i = 0; i < CallTimes::buckets; ++i) now.times.counts[i] -= begin.times.counts[i];
  now.times.sum_ns -= begin.times.sum_ns;
  return now;
}

std::string shares(const VersionTotals& now, const VersionTotals& before, double now_share,
                   double before_share, std::string_view what, double limit) {
  return fmt::format(
      "version {}: {:.2f} % of {} rows {}, version {}: {:.2f} %; the guard allows {:.2f} % more",
      now.version, 100 * now_share, now.rows, what, before.version, 100 * before_share,
      100 * limit);
}

}  // namespace

bool Guard::idle(const NowServing& serving) const {
  return newcomers_.empty() && seen_ && same(serving, last_);
}

void Guard::forget(const NowServing::One& version) {
  std::erase_if(newcomers_, [&](const Newcomer& n) { return n.now.same_version_as(version); });
}

void Guard::meet(std::chrono::nanoseconds now, const NowServing& serving,
                 const std::vector<VersionTotals>& totals) {
  const auto serves = [](const NowServing& at, const NowServing::One& version) {
    return std::any_of(at.variants.begin(), at.variants.end(),
                       [&](const NowServing::One& one) { return one.same_version_as(version); });
  };
  std::erase_if(newcomers_, [&](const Newcomer& n) { return !serves(serving, n.now); });
  const bool moved = serving.epoch != last_.epoch;
  for (const NowServing::One& one : serving.variants) {
    if ((moved && serving.rolled_back) || last_.variants.empty() || serves(last_, one)) continue;
    const auto same_name =
        std::find_if(last_.variants.begin(), last_.variants.end(),
                     [&](const NowServing::One& v) { return v.variant == one.variant; });
    const auto& before = same_name == last_.variants.end() ? last_.variants.front() : *same_name;
    newcomers_.push_back({one, before, moved ? std::optional(serving.epoch) : std::nullopt,
                          sum_of(totals, one), now + limits_.probation});
  }
  // With `unload: first` nothing serves for a while; the version before is the one before that.
  if (!serving.variants.empty() || !seen_) last_ = serving;
  seen_ = true;
}

// What does not return is never counted, and the process that waits for it may be ended by its watchdog before anything else is.
std::string Guard::judge_call(const Newcomer& newcomer, const NowServing& serving,
                              const VersionTotals& before) const {
  if (!limits_.latency_ratio) return {};
  const double allowed_ns = before.times.calls() < guard_calls_min
                                ? 0
                                : before.times.quantile_ns(0.99) * *limits_.latency_ratio;
  for (const NowServing::One& one : serving.variants) {
    if (!one.same_version_as(newcomer.now) || one.call < guard_hangs_after) continue;
    if (static_cast<double>(one.call.count()) <= allowed_ns) continue;
    return fmt::format("version {}: a call has not returned for {:.0f} s", one.version,
                       static_cast<double>(one.call.count()) / 1e9);
  }
  return {};
}

std::string Guard::judge(const Newcomer& newcomer, const NowServing& serving,
                         const std::vector<VersionTotals>& totals) const {
  const VersionTotals now = since(sum_of(totals, newcomer.now), newcomer.at_begin);
  const VersionTotals before = sum_of(totals, newcomer.before);
  if (std::string hangs = judge_call(newcomer, serving, before); !hangs.empty()) return hangs;
  if (now.rows < limits_.rows_min || before.rows < limits_.rows_min) return {};
  if (limits_.error_share && now.error_share() > before.error_share() + *limits_.error_share)
    return shares(now, before, now.error_share(), before.error_share(), "without an answer",
                  *limits_.error_share);
  if (limits_.nan_share && now.nan_share() > before.nan_share() + *limits_.nan_share)
    return shares(now, before, now.nan_share(), before.nan_share(), "answered with NaN",
                  *limits_.nan_share);
  if (!limits_.latency_ratio || now.times.calls() < guard_calls_min ||
      before.times.calls() < guard_calls_min)
    return {};
  const double now_p99 = now.times.quantile_ns(0.99), before_p99 = before.times.quantile_ns(0.99);
  if (now_p99 <= before_p99 * *limits_.latency_ratio) return {};
  return fmt::format(
      "version {}: 99 % of {} calls within {:.3f} ms, version {}: {:.3f} ms; the guard allows {} "
      "times as much",
      now.version, now.times.calls(), now_p99 / 1e6, before.version, before_p99 / 1e6,
      *limits_.latency_ratio);
}

std::optional<GuardVerdict> Guard::look(std::chrono::nanoseconds now, const NowServing& serving,
                                        const std::vector<VersionTotals>& totals) {
  if (!seen_ || !same(serving, last_)) meet(now, serving, totals);
  std::erase_if(newcomers_, [&](const Newcomer& n) { return now > n.until; });
  for (const Newcomer& n : newcomers_) {
    if (std::string why = judge(n, serving, totals); !why.empty())
      return GuardVerdict{n.now.variant, n.now, n.before, n.epoch, std::move(why)};
  }
  return std::nullopt;
}

}  // namespace thalweg::control
