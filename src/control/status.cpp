#include "control/status.h"

#include <fmt/format.h>

#include "control/json_node.h"
#include "control/shown.h"

namespace thalweg::control {
namespace {

bool is_alive(const ProcessWord& word, const StatusQuestion& q) {
  return q.alive.count() == 0 || q.now - word.heard <= q.alive;
}

}  // namespace

bool serves(const ModelReport& report, const Wanted& wanted) {
  if (report.active == wanted.epoch) return true;
  if (wanted.record || report.wish != report.active || !report.refused.empty()) return false;
  // A tombstone may be gone from the topic. Who read it has its epoch, who came later has none: both follow the file.
  return wanted.epoch == -1 || report.active == -1;
}

bool converged(const Board& board, const StatusQuestion& q) {
  const Wanted wanted = board.model(q.pipeline, q.model);
  bool any = false;
  for (const auto& [id, word] : board.processes(q.pipeline)) {
    if (!is_alive(word, q)) continue;
    const auto report = word.heartbeat.models.find(q.model);
    if (report == word.heartbeat.models.end()) continue;
    if (!serves(report->second, wanted)) return false;
    any = true;
  }
  return any;
}

std::string difference(std::string_view model, const Wanted& wanted,
                       const DesiredModel& file_state) {
  if (!wanted.record || wanted.record->state == file_state) return {};
  return fmt::format(
      "model '{}': the control record of epoch {} ({}, {}) says {}; the pipeline file says {}; "
      "the record wins (`thalweg models reset` returns to the file)",
      model, wanted.epoch, wanted.record->by.empty() ? "nobody named" : "by " + wanted.record->by,
      wanted.record->at, describe(wanted.record->state), describe(file_state));
}

Node status_node(const Board& board, const StatusQuestion& q) {
  const Wanted wanted = board.model(q.pipeline, q.model);
  std::vector<Node> processes;
  for (const auto& [id, word] : board.processes(q.pipeline)) {
    const auto report = word.heartbeat.models.find(q.model);
    if (report == word.heartbeat.models.end()) continue;
    const double heard = std::chrono::duration<double>(q.now - word.heard).count();
    processes.push_back(Node::map({{"process", json_string(id)},
                                   {"host", json_string(word.heartbeat.host)},
                                   {"pid", json_number(word.heartbeat.pid)},
                                   {"alive", json_boolean(is_alive(word, q))},
                                   {"heard_s", json_number(heard < 0 ? 0.0 : heard)},
                                   {"paused", json_boolean(word.heartbeat.paused)},
                                   {"report", to_node(report->second)}}));
  }
  const bool record = wanted.record.has_value();
  Node before = Node::null({});
  if (record && wanted.record->before)
    before = Node::map({{"epoch", json_number(wanted.record->before->epoch)},
                        {"state", state_node(shown(wanted.record->before->state))}});
  return Node::map({{"pipeline", json_string(q.pipeline)},
                    {"model", json_string(q.model)},
                    {"source", json_string(record ? "control" : "file")},
                    {"epoch", json_number(wanted.epoch)},
                    {"state", state_node(shown(record ? wanted.record->state : q.file_state))},
                    {"file", state_node(shown(q.file_state))},
                    {"by", json_string(record ? wanted.record->by : "")},
                    {"why", json_string(record ? wanted.record->why : "")},
                    {"at", json_string(record ? wanted.record->at : "")},
                    {"action", json_string(record ? wanted.record->action : "")},
                    {"before", std::move(before)},
                    {"paused", json_boolean(board.paused(q.pipeline))},
                    {"converged", json_boolean(converged(board, q))},
                    {"processes", Node::sequence(std::move(processes))}});
}

}  // namespace thalweg::control
