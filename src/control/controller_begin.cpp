// The start of a controller: what each model begins with. What is wanted; amid a change what the others serve still; and where that cannot be
// loaded, the state before it, or else the pipeline file's.
#include <fmt/format.h>

#include "control/controller.h"

namespace thalweg::control {

namespace {

using Level = ControlNews::Level;

}  // namespace

Status Controller::begin(StartFrom from) {
  if (Status s = desk_.refresh([this](const Error& e) { broken(e); }); !s) return s;
  for (ControlledModel* model : models_) {
    if (Status s = begin_model(*model, from); !s) return s;
    model->on_change([this] { wake(); });
  }
  for (const std::string& text : differences()) say(Level::info, "control.differs", text);
  return {};
}

// What is wanted, or what was wanted before, or what the file says: the first that can be loaded.
Status Controller::begin_model(ControlledModel& model, StartFrom from) {
  const Wanted wanted =
      desk_.look([&](const Board& b) { return b.model(options_.pipeline, model.name()); });
  model.controlled(true);
  {
    const std::lock_guard lock(told_mutex_);
    told_[model.name()].epoch = wanted.epoch;
  }
  if (from == StartFrom::record && begin_with_the_others(model, wanted)) return {};
  if (!wanted.record) {
    // After a reset the file's state has an epoch, which the others wait for.
    if (wanted.epoch >= 0) {
      if (Status s = model.prepare(model.file_state(), wanted.epoch); !s) return s;
    }
    return model.open();
  }
  if (from != StartFrom::record) return begin_below_record(model, wanted, from);
  began_with_record_ = true;
  const auto try_state = [&](const DesiredModel& state, std::int64_t epoch) {
    Status s = model.prepare(state, epoch);
    return s ? model.open() : s;
  };
  const Status first = try_state(wanted.record->state, wanted.epoch);
  if (first) return first;
  say(Level::error, "control.refused",
      fmt::format("model '{}': expected to follow the control record of epoch {} ({}); got: {}; "
                  "what was wanted before is tried",
                  model.name(), wanted.epoch, describe(wanted.record->state),
                  first.error().message()));
  Status next = first;
  if (const auto& before = wanted.record->before) next = try_state(before->state, before->epoch);
  if (!next) next = try_state(model.file_state(), -1);
  if (!next) return next;
  // It stays wanted: its files may come.
  const Status again = model.prepare(wanted.record->state, wanted.epoch);
  const std::lock_guard lock(told_mutex_);
  Told& told = told_[model.name()];
  told.refusal_said = true;
  if (!again) told.refused = again.error().message();
  return {};
}

Status Controller::begin_below_record(ControlledModel& model, const Wanted& wanted,
                                      StartFrom from) {
  Before below{-1, model.file_state()};
  if (from == StartFrom::before && wanted.record->before && wanted.record->before->epoch >= 0) {
    below = *wanted.record->before;
    began_with_record_ = true;
  }
  return begin_at(model, below);
}

// What is wanted is told in the first round.
Status Controller::begin_at(ControlledModel& model, const Before& state) {
  if (Status s = model.prepare(state.state, state.epoch); !s) return s;
  if (Status s = model.open(); !s) return s;
  const std::lock_guard lock(told_mutex_);
  told_[model.name()].epoch = state.epoch;
  return {};
}

// What live processes serve while none of them has moved to what is wanted: the newest of it. Nothing: one has moved, nobody else is
// there, or the log does not tell any more what it is that they serve.
std::optional<Before> Controller::served_by_others(const ControlledModel& model,
                                                   const Wanted& wanted) const {
  if (!desk_.log().shared() || wanted.epoch < 0) return std::nullopt;
  return desk_.look([&](const Board& board) {
    const auto since = clock_.monotonic() - options_.alive;
    std::optional<Before> served;
    for (const auto& [id, word] : board.processes(options_.pipeline)) {
      const auto report = word.heartbeat.models.find(model.name());
      if (report == word.heartbeat.models.end()) continue;
      if (serves(report->second, wanted)) return std::optional<Before>();
      if (word.heard < since || report->second.active < -1) continue;
      std::optional<Before> one;
      if (const auto passed =
              board.passed(options_.pipeline, model.name(), report->second.active)) {
        one = Before{passed->epoch, passed->state.value_or(model.file_state())};
      } else if (report->second.active == -1) {
        one = Before{-1, model.file_state()};
      }
      if (one && (!served || served->epoch < one->epoch)) served = std::move(one);
    }
    return served;
  });
}

// So that a key has one variant in all processes, as it has amid a change without a newcomer. The others wait for it from its first word
// on, and it sees them move; who grows silent is not waited for, so that it never waits for the dead.
bool Controller::begin_with_the_others(ControlledModel& model, const Wanted& wanted) {
  const auto served = served_by_others(model, wanted);
  if (!served) return false;
  if (const Status begun = begin_at(model, *served); !begun) {
    say(Level::warning, "control.joins",
        fmt::format("model '{}': expected to serve epoch {} as the other processes do until they "
                    "move to {}; got: {}; what is wanted is tried at once",
                    model.name(), served->epoch, wanted.epoch, begun.error().message()));
    return false;
  }
  if (served->epoch >= 0) began_with_record_ = true;
  say(Level::info, "control.joins",
      fmt::format("model '{}': epoch {} is under way; the other processes serve {} still, and so "
                  "does this one until they move",
                  model.name(), wanted.epoch,
                  served->epoch < 0 ? "the pipeline file's state"
                                    : fmt::format("epoch {}", served->epoch)));
  return true;
}

}  // namespace thalweg::control
