#include "control/desk.h"

#include <fmt/format.h>

#include "control/json_node.h"
#include "control/shown.h"

namespace thalweg::control {
namespace {

Error faster(const ChangeRequest& request, std::int64_t current) {
  return Error(Code::config_invalid,
               fmt::format("model '{}': expected epoch {} to be current; got {}: somebody was "
                           "faster; look at the state as it is now, and decide again",
                           request.model, *request.if_epoch, current));
}

}  // namespace

void Desk::take(const std::vector<LogEntry>& entries,
                const std::function<void(const Error&)>& told) {
  std::vector<Error> wrong;
  {
    const std::lock_guard lock(board_mutex_);
    for (const LogEntry& entry : entries) {
      if (auto error = board_.take(entry, clock_.monotonic(), clock_.now().ms))
        wrong.push_back(*std::move(error));
    }
  }
  if (!told) return;
  for (const Error& error : wrong) told(error);
}

Status Desk::refresh(const std::function<void(const Error&)>& told) {
  const std::lock_guard lock(reading_);
  auto entries = log_.read_to_end();
  if (!entries) return std::move(entries).error();
  take(*entries, told);
  return {};
}

Result<bool> Desk::follow(std::chrono::milliseconds at_most,
                          const std::function<void(const Error&)>& told) {
  const std::lock_guard lock(reading_);
  auto entries = log_.follow(at_most);
  if (!entries) return std::move(entries).error();
  take(*entries, told);
  return !entries->empty();
}

Result<Changed> Desk::change(const ChangeRequest& request) {
  if (Status s = refresh(); !s) return std::move(s).error();
  const Wanted wanted =
      look([&](const Board& b) { return b.model(request.pipeline, request.model); });
  if (request.if_epoch && *request.if_epoch != wanted.epoch) return faster(request, wanted.epoch);
  Changed changed;
  changed.from_epoch = changed.epoch = wanted.epoch;
  changed.from = wanted.record ? wanted.record->state : request.file_state;
  auto next = request.change(changed.from, wanted);
  if (!next) return std::move(next).error();
  changed.reset = !next->has_value();
  changed.to = request.file_state;
  if (*next) {
    std::vector<DesiredModel> known{changed.from};
    if (wanted.record && wanted.record->before) known.push_back(wanted.record->before->state);
    known.push_back(request.file_state);
    auto whole = restored(**next, known);
    if (!whole) return std::move(whole).error();
    changed.to = *std::move(whole);
  }
  // A broken record on top is worth being written over even by the same state.
  const bool broken_on_top = wanted.last != wanted.epoch;
  const bool same = changed.reset ? !wanted.record : wanted.record && changed.from == changed.to;
  if (request.dry_run || (same && !broken_on_top)) return changed;

  const ControlRecord record{changed.to,     Before{wanted.epoch, changed.from},
                             request.action, request.by,
                             request.why,    time_text(clock_.now().ms)};
  auto offset = log_.append(model_key(request.pipeline, request.model),
                            changed.reset ? std::nullopt : std::optional(to_json(record)));
  if (!offset) return std::move(offset).error();
  changed.epoch = *offset;
  changed.written = true;
  changed.warning = audit(request, changed);
  return changed;
}

// Also looks who wrote between our reading and our writing. What is not well: a sentence.
std::string Desk::audit(const ChangeRequest& request, const Changed& changed) {
  std::string warning;
  if (Status s = refresh(); s.ok()) {
    const std::int64_t replaced = look(
        [&](const Board& b) { return b.replaced(request.pipeline, request.model, changed.epoch); });
    if (replaced > changed.from_epoch)
      warning = fmt::format(
          "somebody wrote epoch {} between reading {} and writing {}, and it was replaced; look "
          "whether that is right",
          replaced, changed.from_epoch, changed.epoch);
  }
  const Node line =
      Node::map({{"at", json_string(time_text(clock_.now().ms))},
                 {"pipeline", json_string(request.pipeline)},
                 {"model", json_string(request.model)},
                 {"action", json_string(request.action)},
                 {"by", json_string(request.by)},
                 {"why", json_string(request.why)},
                 {"from_epoch", json_number(changed.from_epoch)},
                 {"to_epoch", json_number(changed.epoch)},
                 {"from", state_node(shown(changed.from))},
                 {"to", changed.reset ? Node::null({}) : state_node(shown(changed.to))},
                 {"warning", json_string(warning)}});
  if (Status s = log_.audit(model_key(request.pipeline, request.model), line.to_json()); !s) {
    warning += fmt::format("{}the change is written, but not its line in the history: {}",
                           warning.empty() ? "" : "; ", s.error().message());
  }
  return warning;
}

Result<std::string> Desk::pause(const std::string& pipeline, bool yes, const std::string& by,
                                const std::string& why) {
  const Node value = Node::map({{"format", json_number(std::int64_t{1})},
                                {"by", json_string(by)},
                                {"why", json_string(why)},
                                {"at", json_string(time_text(clock_.now().ms))}});
  auto offset =
      log_.append(pause_key(pipeline), yes ? std::optional(value.to_json()) : std::nullopt);
  if (!offset) return std::move(offset).error();
  const Node line = Node::map({{"at", json_string(time_text(clock_.now().ms))},
                               {"pipeline", json_string(pipeline)},
                               {"action", json_string(yes ? "pause" : "resume")},
                               {"by", json_string(by)},
                               {"why", json_string(why)},
                               {"to_epoch", json_number(*offset)}});
  const Status audited = log_.audit(pause_key(pipeline), line.to_json());
  (void)refresh();  // who follows the log reads it in any case
  if (audited) return std::string();
  return fmt::format("the pipeline is {}, but its line in the history is not written: {}",
                     yes ? "paused" : "resumed", audited.error().message());
}

}  // namespace thalweg::control
