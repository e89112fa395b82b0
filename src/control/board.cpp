#include "control/board.h"

#include <algorithm>

#include <fmt/format.h>

namespace thalweg::control {
namespace {

constexpr std::string_view pause_prefix = "~pause/";
// Changes that are written one over the other while processes load: more than people make in that time.
constexpr std::size_t passed_max = 16;

Error said(const LogEntry& entry, Error error) {
  return std::move(error).at(fmt::format(
      "control record '{}' at {}: expected one that can be read, so the state before stays",
      entry.key, entry.offset));
}

}  // namespace

std::string pause_key(std::string_view pipeline) {
  return fmt::format("{}{}", pause_prefix, pipeline);
}

std::optional<Error> Board::take(const LogEntry& entry, std::chrono::nanoseconds monotonic,
                                 std::int64_t now_ms) {
  end_ = std::max(end_, entry.offset + 1);
  if (const auto process = parse_process_key(entry.key)) {
    // Read at the start it may be old: the brokers' clock is all there is to tell.
    const std::int64_t age = entry.at_ms < 0 ? 0 : std::max<std::int64_t>(0, now_ms - entry.at_ms);
    return take_process(entry, process->first, process->second,
                        monotonic - std::chrono::milliseconds(age));
  }
  if (entry.key.starts_with(pause_prefix)) {
    paused_[entry.key.substr(pause_prefix.size())] = entry.value.has_value();
    return std::nullopt;
  }
  if (entry.key.starts_with('~')) return std::nullopt;  // of a later version of thalweg
  Wanted& wanted = models_[entry.key];
  const std::int64_t before = wanted.epoch;
  wanted.last = entry.offset;
  const auto passes = [&] {
    if (before < 0) return;
    remember(entry.key,
             {before, wanted.record ? std::optional(wanted.record->state) : std::nullopt});
  };
  if (!entry.value) {
    passes();
    wanted = {entry.offset, std::nullopt, entry.offset, before};
    return std::nullopt;
  }
  auto record = parse_record(*entry.value);
  if (!record) {
    ++broken_;
    return said(entry, std::move(record).error());
  }
  passes();
  // Compaction may have left nothing of it but this.
  if (record->before && record->before->epoch >= 0)
    remember(entry.key, {record->before->epoch, record->before->state});
  wanted = {entry.offset, *std::move(record), entry.offset, before};
  return std::nullopt;
}

std::optional<Error> Board::take_process(const LogEntry& entry, const std::string& pipeline,
                                         const std::string& process,
                                         std::chrono::nanoseconds heard) {
  auto& processes = processes_[pipeline];
  if (!entry.value) {
    processes.erase(process);
    return std::nullopt;
  }
  auto heartbeat = parse_heartbeat(*entry.value);
  if (!heartbeat) {
    ++broken_;
    return said(entry, std::move(heartbeat).error());
  }
  processes[process] = {*std::move(heartbeat), heard};
  return std::nullopt;
}

Wanted Board::model(std::string_view pipeline, std::string_view model) const {
  const auto it = models_.find(model_key(pipeline, model));
  return it == models_.end() ? Wanted{} : it->second;
}

std::int64_t Board::replaced(std::string_view pipeline, std::string_view model,
                             std::int64_t epoch) const {
  const Wanted wanted = this->model(pipeline, model);
  return wanted.epoch == epoch ? wanted.replaced : -1;
}

void Board::remember(const std::string& key, Passed passed) {
  auto& all = passed_[key];
  const bool known =
      std::any_of(all.begin(), all.end(), [&](const Passed& p) { return p.epoch == passed.epoch; });
  if (known) return;
  all.push_back(std::move(passed));
  if (all.size() > passed_max) all.pop_front();
}

std::optional<Passed> Board::passed(std::string_view pipeline, std::string_view model,
                                    std::int64_t epoch) const {
  const auto all = passed_.find(model_key(pipeline, model));
  if (all == passed_.end()) return std::nullopt;
  const auto it = std::find_if(all->second.begin(), all->second.end(),
                               [&](const Passed& p) { return p.epoch == epoch; });
  return it == all->second.end() ? std::nullopt : std::optional(*it);
}

const std::map<std::string, ProcessWord>& Board::processes(std::string_view pipeline) const {
  static const std::map<std::string, ProcessWord> none;
  const auto it = processes_.find(pipeline);
  return it == processes_.end() ? none : it->second;
}

bool Board::paused(std::string_view pipeline) const {
  const auto it = paused_.find(pipeline);
  return it != paused_.end() && it->second;
}

}  // namespace thalweg::control
