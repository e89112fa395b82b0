#include "monitor/drift_monitor.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "config/json_text.h"
#include "monitor/ab_report.h"
#include "monitor/psi.h"

namespace thalweg::monitor {
namespace {

// More than serve at once: one that came back is still known.
constexpr std::size_t versions_max = 16;

// Without rows, while other versions of the model have some: it was taken back, and nothing would ever end its alarm.
constexpr std::int64_t windows_until_left = 3;

std::string words_for(const VersionDrift& version, const FieldDrift& field, bool left) {
  const std::string what = fmt::format("model '{}' version {}: {} '{}'", version.model,
                                       version.version, to_string(field.what), field.field);
  if (left)
    return fmt::format("{} is watched no more: other versions answer; its alarm ends", what);
  if (!field.alarm)
    return fmt::format("{} is as the baseline again: PSI {:.3g}, limit {:.3g}", what, field.psi,
                       field.limit);
  return fmt::format(
      "{} has drifted: PSI {:.3g}, limit {:.3g}, in {} windows running; {:.1f} % "
      "missing, {:.1f} % never seen in the baseline",
      what, field.psi, field.limit, field.above, 100 * field.missing_share,
      100 * field.outside_share);
}

double share_of(const Counts& counts, std::size_t bin, double rows) {
  return static_cast<double>(counts[bin]) / rows;
}

}  // namespace

std::string_view to_string(VersionDrift::From from) noexcept {
  switch (from) {
    case VersionDrift::From::version: return "version";
    case VersionDrift::From::first_rows: return "first_rows";
    default: return "none_yet";
  }
}

DriftMonitor::DriftMonitor(std::string pipeline, DriftOptions options, Tell tell)
    : pipeline_(std::move(pipeline)), options_(std::move(options)), tell_(std::move(tell)) {}

ScoreObserver& DriftMonitor::observer() {
  const std::lock_guard lock(mutex_);
  return *observers_.emplace_back(std::make_unique<DriftObserver>(options_));
}

void DriftMonitor::tick(Timestamp now) {
  const std::lock_guard lock(mutex_);
  collect(now);
  see_who_left(now);
  for (auto& [key, version] : versions_) {
    if (version.left) continue;
    if (version.baseline == nullptr) {
      find_baseline(key, version);
      version.since = now;  // the first window is of rows after the baseline's
    } else if (version.rows >= options_.rows_min &&
               now.ms - version.since.ms >= options_.window_ms) {
      judge(version, now);
    }
  }
  forget_old();
}

void DriftMonitor::collect(Timestamp now) {
  for (const auto& observer : observers_) {
    observer->with_watches([&](auto& watches) {
      for (const auto& watch : watches) take(*watch, now);
    });
  }
}

void DriftMonitor::take(Watch& watch, Timestamp now) {
  const auto [it, added] = versions_.try_emplace(key_of(watch));
  Version& version = it->second;
  if (added) {
    version.told.model = watch.model;
    version.told.version = watch.number;
    version.told.content = watch.content;
    version.path = watch.path;
    version.since = version.told.asked = now;
  }
  if (std::exchange(watch.asked, false)) {
    version.told.asked = now;
    if (std::exchange(version.left, false)) version.since = now;
  }
  if (version.baseline == nullptr) return;
  if (!watch.counting) {  // its rows so far are in the baseline, or came before it was read
    watch.count_by(*version.baseline);
    return;
  }
  for (WatchedField& field : watch.fields) {
    if (!field.bins) continue;
    auto state = std::find_if(version.fields.begin(), version.fields.end(),
                              [&](const FieldState& s) { return s.name == field.name; });
    if (state == version.fields.end()) {
      version.fields.push_back({field.name, field.what, Counts(field.counts.size())});
      state = version.fields.end() - 1;
    }
    for (std::size_t i = 0; i < field.counts.size(); ++i) state->window[i] += field.counts[i];
    std::fill(field.counts.begin(), field.counts.end(), 0);
  }
  version.rows += watch.rows;
  watch.rows = 0;
}

void DriftMonitor::find_baseline(const Key& key, Version& version) {
  if (!version.looked) {
    version.looked = true;
    if (auto own = read_baseline(version.path)) {
      version.baseline = std::make_shared<const Baseline>(std::move(own).value());
      version.told.baseline = VersionDrift::From::version;
    } else if (own.error().code() != Code::model_missing) {
      version.told.trouble = own.error().message();
      if (tell_)
        tell_(fmt::format(
                  "{{\"event\":\"baseline\",\"state\":\"broken\",\"pipeline\":{},\"model\":{},"
                  "\"version\":{},\"why\":{}}}",
                  config::json_string(pipeline_), config::json_string(version.told.model),
                  version.told.version, config::json_string(version.told.trouble)),
              fmt::format("model '{}' version {}: {}; its first rows stand in for it",
                          version.told.model, version.told.version, version.told.trouble));
    }
  }
  if (version.baseline == nullptr) {
    version.baseline = from_first_rows(key);
    if (version.baseline == nullptr) return;
    version.told.baseline = VersionDrift::From::first_rows;
  }
  version.told.baseline_rows = version.baseline->rows;
}

std::shared_ptr<const Baseline> DriftMonitor::from_first_rows(const Key& key) {
  std::vector<FieldSample> samples;
  std::uint64_t rows = 0;
  const auto each = [&](auto f) {
    for (const auto& observer : observers_) {
      observer->with_watches([&](auto& watches) {
        for (const auto& watch : watches) {
          if (key_of(*watch) == key) f(*watch);
        }
      });
    }
  };
  each([&](const Watch& watch) { rows += watch.rows; });
  if (rows < options_.first_rows) return nullptr;
  each([&](const Watch& watch) {
    for (const WatchedField& field : watch.fields) samples.push_back(field.sample);
  });
  return std::make_shared<const Baseline>(baseline_of(samples));
}

// Time in which the whole model has no rows does not count: nothing tells then who would get them.
void DriftMonitor::see_who_left(Timestamp now) {
  const std::int64_t passed = ticked_.ms == 0 ? 0 : now.ms - ticked_.ms;
  ticked_ = now;
  for (auto& [key, version] : versions_) {
    const bool model_asked = std::any_of(
        versions_.begin(), versions_.end(), [&, &model = std::get<0>(key)](const auto& other) {
          return std::get<0>(other.first) == model && other.second.told.asked.ms == now.ms;
        });
    if (version.told.asked.ms == now.ms) {
      version.unasked_ms = 0;
    } else if (model_asked) {
      version.unasked_ms += passed;
    }
    // Of a version that is asked seldom a window is as long as its rows take.
    const std::int64_t window =
        std::max(options_.window_ms, version.told.window_to.ms - version.told.window_from.ms);
    if (!version.left && version.unasked_ms >= windows_until_left * window) leave(version, now);
  }
}

void DriftMonitor::leave(Version& version, Timestamp now) {
  version.left = true;
  version.rows = 0;
  for (FieldState& field : version.fields) {
    std::fill(field.window.begin(), field.window.end(), 0);
    field.above = 0;
    if (!std::exchange(field.alarm, false)) continue;
    const auto last = std::find_if(version.told.fields.begin(), version.told.fields.end(),
                                   [&](const FieldDrift& f) { return f.field == field.name; });
    last->alarm = false;
    last->above = 0;
    tell_change(version, *last, now);
  }
  version.told.fields.clear();
}

void DriftMonitor::judge(Version& version, Timestamp now) {
  VersionDrift& told = version.told;
  told.fields.clear();
  told.window_rows = version.rows;
  told.window_from = version.since;
  told.window_to = now;
  ++told.windows;
  for (FieldState& field : version.fields) {
    const bool before = field.alarm;
    told.fields.push_back(judge(field, *version.baseline->find(field.name)));
    if (field.alarm != before) tell_change(version, told.fields.back(), now);
  }
  version.rows = 0;
  version.since = now;
}

FieldDrift DriftMonitor::judge(FieldState& field, const FieldBaseline& baseline) {
  FieldDrift out;
  out.field = field.name;
  out.what = field.what;
  out.of = baseline.of;
  const auto n = std::accumulate(field.window.begin(), field.window.end(), std::uint64_t{0});
  const auto m = std::accumulate(baseline.counts.begin(), baseline.counts.end(), std::uint64_t{0});
  if (n > 0 && m > 0) {
    const PooledPsi found = pooled_psi(baseline.counts, field.window);
    out.psi = found.psi;
    out.limit = std::max(options_.threshold, psi_without_drift(n, m, found, options_.level));
    out.missing_share = share_of(field.window, missing_bin, static_cast<double>(n));
    out.outside_share = share_of(field.window, outside_bin, static_cast<double>(n));
    field.above = out.psi > out.limit ? field.above + 1 : 0;
    field.alarm = field.above >= options_.windows;
  }  // else all rows were refused: that says nothing, and ends no alarm
  out.above = field.above;
  out.alarm = field.alarm;
  std::fill(field.window.begin(), field.window.end(), 0);
  return out;
}

void DriftMonitor::tell_change(const Version& version, const FieldDrift& field,
                               Timestamp now) const {
  if (!tell_) return;
  tell_(
      fmt::format(
          "{{\"event\":\"drift\",\"state\":\"{}\",\"pipeline\":{},\"model\":{},\"version\":{},"
          "\"field\":{},\"output\":{},\"what\":\"{}\",\"psi\":{},\"limit\":{},\"missing_share\":{},"
          "\"outside_share\":{},\"window_rows\":{},\"windows\":{},\"from\":{},\"to\":{}{}}}",
          field.alarm ? "begin" : "end", config::json_string(pipeline_),
          config::json_string(version.told.model), version.told.version,
          config::json_string(field.field), field.what == Watched::output, to_string(field.what),
          json_figure(field.psi), json_figure(field.limit), json_figure(field.missing_share),
          json_figure(field.outside_share), version.told.window_rows, field.above,
          version.told.window_from.ms, now.ms, version.left ? ",\"left\":true" : ""),
      words_for(version.told, field, version.left));
}

// Versions come and go for as long as the process lives.
void DriftMonitor::forget_old() {
  bool forgot = false;
  while (versions_.size() > versions_max) {
    const auto oldest =
        std::min_element(versions_.begin(), versions_.end(), [](const auto& a, const auto& b) {
          return a.second.told.asked.ms < b.second.told.asked.ms;
        });
    versions_.erase(oldest);
    forgot = true;
  }
  if (!forgot) return;
  for (const auto& observer : observers_) {
    observer->with_watches([&](auto& watches) {
      std::erase_if(watches,
                    [&](const auto& watch) { return !versions_.contains(key_of(*watch)); });
    });
  }
}

std::vector<VersionDrift> DriftMonitor::report() const {
  const std::lock_guard lock(mutex_);
  std::vector<VersionDrift> all;
  for (const auto& [key, version] : versions_) {
    if (!version.left) all.push_back(version.told);
  }
  return all;
}

}  // namespace thalweg::monitor
