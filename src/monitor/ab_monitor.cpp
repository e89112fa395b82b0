#include "monitor/ab_monitor.h"

#include <algorithm>

#include <fmt/format.h>

#include "config/json_text.h"
#include "monitor/ab_observer.h"
#include "monitor/ab_report.h"

namespace thalweg::monitor {
namespace {

using Counts = std::shared_ptr<const AbCounts>;

// The route in force is the one that was used last: not that of the highest epoch, since a reset goes back to the pipeline file's.
std::vector<Counts> newest_of_each_model(const std::vector<Counts>& all) {
  std::vector<Counts> newest;
  for (const Counts& counts : all) {
    const auto same = std::find_if(newest.begin(), newest.end(),
                                   [&](const Counts& n) { return n->model == counts->model; });
    if (same == newest.end()) {
      newest.push_back(counts);
    } else if (counts->used_ns.load() > (*same)->used_ns.load()) {
      *same = counts;
    }
  }
  return newest;
}

void add_to(AbTable& table, AbLive& live, const AbCounts& counts) {
  for (std::size_t i = 0; i < counts.arm_count; ++i) {
    const AbCounts::Arm& arm = counts.arms[i];
    live.arms[i].asked += arm.asked.get();
    for (std::uint32_t b = arm.begin; b < arm.end; ++b) {
      const AbCounts::Bucket& bucket = counts.buckets[b];
      table.add(i, b, {bucket.n.get(), bucket.sum.get(), bucket.squares.get()});
    }
  }
}

AbLive live_of(const AbCounts& newest, const std::vector<Counts>& all, const AbOptions& options) {
  AbLive live;
  live.model = newest.model;
  live.epoch = newest.epoch;
  AbTable table(bucket_count);
  std::size_t largest = 0;
  const auto share = [&](std::size_t i) { return newest.arms[i].end - newest.arms[i].begin; };
  for (std::size_t i = 0; i < newest.arm_count; ++i) {
    (void)table.variant(newest.arms[i].name, share(i));
    live.arms.emplace_back();
    if (share(i) > share(largest)) largest = i;
  }
  for (const Counts& counts : all) {
    if (counts->same_route_as(newest)) add_to(table, live, *counts);
  }
  double rows = 0;
  for (std::size_t i = 0; i < newest.arm_count; ++i) {
    live.arms[i].figures = table.arm(i);
    live.arms[i].version = newest.arms[i].version;
    rows += static_cast<double>(live.arms[i].figures.rows);
  }
  for (std::size_t i = 0; i < newest.arm_count; ++i) {
    live.arms[i].share_expected = static_cast<double>(share(i)) / bucket_count;
    if (rows > 0) live.arms[i].share_seen = static_cast<double>(live.arms[i].figures.rows) / rows;
    if (i != largest) live.verdicts.push_back(table.verdict(largest, i, options));
  }
  return live;
}

std::string arm_json(const AbLiveArm& arm) {
  return fmt::format(
      "{{\"variant\":{},\"version\":{},\"asked\":{},\"rows\":{},\"share_expected\":{:.6},"
      "\"share_seen\":{:.6},\"buckets\":{},\"mean\":{},\"standard_error\":{}}}",
      config::json_string(arm.figures.variant), arm.version, arm.asked, arm.figures.rows,
      arm.share_expected, arm.share_seen, arm.figures.buckets, json_figure(arm.figures.mean),
      json_figure(arm.figures.standard_error));
}

}  // namespace

AbMonitor::AbMonitor(AbOptions options) : options_(options) {}

AbMonitor::~AbMonitor() = default;

ScoreObserver& AbMonitor::observer() {
  const std::lock_guard lock(mutex_);
  return *observers_.emplace_back(std::make_unique<AbObserver>());
}

// Else its figures, and an alert about its shares, would stay until a restart.
bool AbMonitor::over(const AbCounts& newest) const {
  const std::lock_guard lock(mutex_);
  return std::any_of(observers_.begin(), observers_.end(), [&](const auto& observer) {
    return observer->alone_ns(newest.model) > newest.used_ns.load();
  });
}

std::vector<AbLive> AbMonitor::report() const {
  std::vector<Counts> all;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& observer : observers_) {
      for (Counts& counts : observer->counts()) all.push_back(std::move(counts));
    }
  }
  std::vector<AbLive> tests;
  for (const Counts& newest : newest_of_each_model(all)) {
    if (!over(*newest)) tests.push_back(live_of(*newest, all, options_));
  }
  return tests;
}

std::string ab_json(const AbLive& test) {
  std::string out = fmt::format("{{\"model\":{},\"epoch\":{},\"arms\":[",
                                config::json_string(test.model), test.epoch);
  for (const AbLiveArm& arm : test.arms)
    out += (&arm == test.arms.data() ? "" : ",") + arm_json(arm);
  out += "],\"verdicts\":[";
  for (const AbVerdict& verdict : test.verdicts)
    out += (&verdict == test.verdicts.data() ? "" : ",") + to_json(verdict);
  return out + "]}";
}

std::string ab_json(const std::vector<AbLive>& tests) {
  std::string out = "[";
  for (const AbLive& test : tests) out += (out.size() > 1 ? "," : "") + ab_json(test);
  return out + "]";
}

}  // namespace thalweg::monitor
