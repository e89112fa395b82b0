#include "control/controller.h"

#include <algorithm>
#include <cmath>
#include <pthread.h>
#include <utility>

#include <fmt/format.h>

namespace thalweg::control {
namespace {

using namespace std::chrono_literals;
using Level = ControlNews::Level;

// So soon a change of this process is seen while the log is waited for.
constexpr std::chrono::milliseconds round_at_most = 100ms;
constexpr std::chrono::minutes buried_after = 10min;

DesiredModel state_of(const Wanted& wanted, const ControlledModel& model) {
  return wanted.record ? wanted.record->state : model.file_state();
}

}  // namespace

Controller::Controller(ControllerOptions options, Desk& desk, std::vector<ControlledModel*> models,
                       const Clock& clock)
    : options_(std::move(options)), desk_(desk), models_(std::move(models)), clock_(clock) {}

Controller::~Controller() {
  stop();
}

void Controller::say(Level level, const char* event, std::string text) const {
  options_.news({level, event, options_.pipeline + ": " + std::move(text)});
}

void Controller::broken(const Error& error) {
  say(Level::error, "control.record_broken", error.message());
}

std::vector<std::string> Controller::differences() const {
  std::vector<std::string> all;
  for (const ControlledModel* model : models_) {
    const Wanted wanted =
        desk_.look([&](const Board& b) { return b.model(options_.pipeline, model->name()); });
    std::string text = difference(model->name(), wanted, model->file_state());
    if (!text.empty()) all.push_back(std::move(text));
  }
  return all;
}

ControlledModel* Controller::model(std::string_view name) const {
  const auto it = std::find_if(models_.begin(), models_.end(),
                               [&](const ControlledModel* m) { return m->name() == name; });
  return it == models_.end() ? nullptr : *it;
}

StatusQuestion Controller::question(const ControlledModel& model) const {
  // A process that shares nothing has no others to be taken for dead.
  const auto alive = desk_.log().shared() ? options_.alive : 0ms;
  return {options_.pipeline, model.name(), model.file_state(), clock_.monotonic(), alive};
}

void Controller::tell(ControlledModel& model, const Wanted& wanted) {
  {
    const std::lock_guard lock(told_mutex_);
    const auto it = told_.find(model.name());
    if (it != told_.end() && it->second.epoch == wanted.epoch) return;
  }
  const DesiredModel state = state_of(wanted, model);
  const Status s = model.prepare(state, wanted.epoch);
  say(s ? Level::info : Level::error, s ? "control.wanted" : "control.refused",
      fmt::format("model '{}': epoch {}{}{} wants {}{}{}", model.name(), wanted.epoch,
                  wanted.record && !wanted.record->by.empty() ? " by " : "",
                  wanted.record ? wanted.record->by : " (the pipeline file)", describe(state),
                  s ? "" : "; it is not followed: ", s ? "" : s.error().message()));
  const std::lock_guard lock(told_mutex_);
  told_[model.name()] = {wanted.epoch, s ? "" : s.error().message(), !s.ok(), {}};
}

void Controller::steer(ControlledModel& model) {
  const Wanted wanted =
      desk_.look([&](const Board& b) { return b.model(options_.pipeline, model.name()); });
  tell(model, wanted);
  const auto active = [&] {
    say(Level::info, "control.active",
        fmt::format("model '{}': epoch {} is active: {}", model.name(), wanted.epoch,
                    describe(state_of(wanted, model))));
  };
  if (model.epoch() == wanted.epoch) {
    if (activating(model, false)) active();
    return;
  }
  if (const auto why = model.refused(wanted.epoch)) {
    const std::lock_guard lock(told_mutex_);
    Told& told = told_[model.name()];
    if (told.refusal_said) return;
    told.refusal_said = true;
    say(Level::error, "control.refused",
        fmt::format("model '{}': epoch {} is not followed, and what serves goes on: {}",
                    model.name(), wanted.epoch, why->message()));
    return;
  }
  if (!model.prepared(wanted.epoch) || !everybody_ready(model, wanted)) return;
  if (const Status s = model.activate(wanted.epoch); !s) {
    // Tried again in each round; said, and counted, once for each reason.
    const std::lock_guard lock(told_mutex_);
    std::string& said = told_[model.name()].failure;
    if (said == s.error().message()) return;
    said = s.error().message();
    failures_.fetch_add(1);
    say(Level::error, "control.failed", said);
    return;
  }
  // With `unload: first` it is loaded only now, and serves when it is.
  if (model.epoch() == wanted.epoch) return active();
  activating(model, true);
}

// Was the activation under way?
bool Controller::activating(const ControlledModel& model, bool yes) {
  const std::lock_guard lock(told_mutex_);
  return std::exchange(told_[model.name()].activating, yes);
}

// From when on a process must have been heard to count as alive; nothing while our own word has not come back.
std::optional<std::chrono::nanoseconds> Controller::living_since(const Board& board) const {
  const auto& all = board.processes(options_.pipeline);
  const auto own = all.find(options_.process);
  if (own == all.end()) return std::nullopt;
  return own->second.heard - options_.alive;
}

bool Controller::everybody_ready(const ControlledModel& model, const Wanted& wanted) {
  if (!desk_.log().shared()) return true;
  return desk_.look([&](const Board& board) {
    const auto since = living_since(board);
    if (!since) return false;
    std::size_t all = 1, ready = 1;  // this one
    for (const auto& [id, word] : board.processes(options_.pipeline)) {
      if (id == options_.process) continue;
      const auto report = word.heartbeat.models.find(model.name());
      if (report == word.heartbeat.models.end()) continue;
      if (serves(report->second, wanted)) return true;  // it has moved: so do we
      if (word.heard < *since) continue;
      ++all;
      if (report->second.prepared == wanted.epoch) ++ready;
    }
    return static_cast<double>(ready) >=
           std::ceil(options_.ready_share * static_cast<double>(all) - 1e-9);
  });
}

ModelReport Controller::report(const ControlledModel& model) const {
  ModelReport report;
  {
    const std::lock_guard lock(told_mutex_);
    if (const auto it = told_.find(model.name()); it != told_.end()) {
      report.wish = it->second.epoch;
      report.refused = it->second.refused;
    }
  }
  report.active = model.epoch();
  report.prepared = report.active == report.wish || model.prepared(report.wish) ? report.wish : -2;
  if (const auto why = model.refused(report.wish); why && report.refused.empty())
    report.refused = why->message();
  report.shadow = model.shadow();
  report.versions = model.versions();
  return report;
}

void Controller::beat() {
  Heartbeat now{options_.host, options_.pid, paused_, {}};
  for (const ControlledModel* model : models_) now.models[model->name()] = report(*model);
  const auto at = clock_.monotonic();
  const bool due = !beat_at_ || at - *beat_at_ >= options_.alive / 3;
  // Figures change with every row, which is no reason to say so: they go with the next word that is due.
  if (due) ab_ = options_.ab();
  for (const auto& [model, json] : ab_) {
    if (const auto it = now.models.find(model); it != now.models.end()) it->second.ab = json;
  }
  // Who shares nothing need not say that he lives.
  const bool lives = due && (desk_.log().shared() || !beat_at_);
  if (!lives && now == last_beat_) {
    if (due) beat_at_ = at;
    return;
  }
  if (!post(process_key(options_.pipeline, options_.process), to_node(now).to_json())) return;
  if (due) clear_away();
  last_beat_ = std::move(now);
  beat_at_ = at;
}

// Who was killed cannot take his word away.
void Controller::clear_away() {
  if (!desk_.log().shared()) return;
  const auto buried = desk_.look([&](const Board& board) {
    std::vector<std::string> ids;
    for (const auto& [id, word] : board.processes(options_.pipeline)) {
      if (clock_.monotonic() - word.heard > buried_after + options_.alive) ids.push_back(id);
    }
    return ids;
  });
  for (const std::string& id : buried) (void)post(process_key(options_.pipeline, id), std::nullopt);
}

// What could not be posted is posted in the next round. Said once, until one went.
bool Controller::post(const std::string& key, const std::optional<std::string>& value) {
  const Status posted = desk_.log().post(key, value);
  if (!posted && !unwritable_)
    say(Level::warning, "control.unwritable",
        fmt::format("what this process says of itself is not written, and others see an older "
                    "word: {}",
                    posted.error().message()));
  unwritable_ = !posted;
  return posted.ok();
}

bool Controller::turn(std::chrono::milliseconds at_most) {
  auto came = desk_.follow(at_most, [this](const Error& e) { broken(e); });
  {
    const std::lock_guard lock(told_mutex_);
    const std::string trouble = came ? "" : came.error().message();
    if (!trouble.empty() && trouble_.empty()) {
      failures_.fetch_add(1);
      say(Level::warning, "control.unreadable", trouble);
    }
    trouble_ = trouble;
  }
  const bool paused = desk_.look([&](const Board& b) { return b.paused(options_.pipeline); });
  if (paused != paused_) {
    paused_ = paused;
    say(Level::info, paused ? "control.paused" : "control.resumed",
        paused ? "paused: nothing is read until it is resumed" : "resumed");
    options_.on_pause(paused);
  }
  for (ControlledModel* model : models_) steer(*model);
  options_.each_round();
  beat();
  return came && *came;
}

void Controller::wake() {
  const std::lock_guard lock(wake_mutex_);
  awake_ = true;
  waken_.notify_all();
}

void Controller::start() {
  thread_ = std::thread([this] { run(); });
  ::pthread_setname_np(thread_.native_handle(), "control");
}

void Controller::run() {
  for (;;) {
    const bool waits = desk_.log().shared();  // then the log itself waits
    turn(waits ? round_at_most : 0ms);
    std::unique_lock lock(wake_mutex_);
    const bool rest = !waits || !trouble().empty();
    if (rest)
      waken_.wait_for(lock, waits ? 1000ms : 2 * round_at_most, [&] { return awake_ || stop_; });
    awake_ = false;
    if (stop_) return;
  }
}

void Controller::stop() {
  {
    const std::lock_guard lock(wake_mutex_);
    stop_ = true;
    waken_.notify_all();
  }
  if (thread_.joinable()) {
    thread_.join();
    for (ControlledModel* model : models_) model->on_change({});
    (void)post(process_key(options_.pipeline, options_.process), std::nullopt);
  }
}

ControlCounts Controller::counts() const {
  ControlCounts counts;
  counts.failures = failures_.load();
  desk_.look([&](const Board& board) {
    counts.records_broken = board.broken();
    const auto since = living_since(board);
    for (const auto& [id, word] : board.processes(options_.pipeline))
      counts.processes += since && word.heard >= *since ? 1 : 0;
  });
  return counts;
}

std::string Controller::trouble() const {
  const std::lock_guard lock(told_mutex_);
  return trouble_;
}

}  // namespace thalweg::control
