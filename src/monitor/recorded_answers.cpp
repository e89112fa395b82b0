#include "monitor/recorded_answers.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <simdjson.h>

#include "model/route.h"

namespace thalweg::monitor {
namespace {

using simdjson::dom::element;

template <class T>
T or_else(const element& from, const char* name, T otherwise) {
  T value{};
  return from[name].get(value) == simdjson::SUCCESS ? value : otherwise;
}

std::string text_in(const element& from, const char* name) {
  return std::string(or_else<std::string_view>(from, name, ""));
}

std::optional<RecordedRoute> route_in(const element& epochs) {
  simdjson::dom::array variants;
  if (epochs["route"].get(variants) != simdjson::SUCCESS) return std::nullopt;
  RecordedRoute route{or_else<std::int64_t>(epochs, "epoch", -1),
                      text_in(epochs, "salt"),
                      text_in(epochs, "key"),
                      {}};
  for (const element variant : variants)
    route.variants.push_back({text_in(variant, "variant"),
                              or_else<std::int64_t>(variant, "version", 0),
                              static_cast<std::uint32_t>(or_else<std::int64_t>(variant, "end", 0)),
                              text_in(variant, "manifest")});
  const auto ascend = [](const RecordedVariant& a, const RecordedVariant& b) {
    return a.end > b.end;
  };
  const auto& v = route.variants;
  const bool whole = !v.empty() && v.back().end == bucket_count &&
                     std::adjacent_find(v.begin(), v.end(), ascend) == v.end();
  return whole ? std::optional(std::move(route)) : std::nullopt;
}

// Only one variant, which owns everything.
RecordedRoute only(std::int64_t epoch, std::string variant, std::int64_t version) {
  return {epoch, "", "", {{std::move(variant), version, bucket_count, {}}}};
}

}  // namespace

Status RecordedAnswers::add(std::string_view json, std::int32_t partition, std::int64_t place) {
  thread_local simdjson::dom::parser parser;
  element line;
  if (parser.parse(json.data(), json.size()).get(line) != simdjson::SUCCESS)
    return Error(Code::not_json,
                 "inference log: a line of JSON was expected; got something else; is it the right "
                 "file?");
  element part;
  if (line["epochs"].get(part) == simdjson::SUCCESS) {
    add_epochs(part, partition, place);
  } else if (line["models"].get(part) == simdjson::SUCCESS) {
    add_prediction(line, part);
  }
  return {};
}

template <class Element>
void RecordedAnswers::add_epochs(const Element& epochs, std::int32_t partition,
                                 std::int64_t place) {
  ++epoch_lines_;
  const std::string variant = text_in(epochs, "variant");
  Line line{.from = or_else<std::int64_t>(epochs, "from", 0),
            .epoch = or_else<std::int64_t>(epochs, "epoch", -1),
            .version = or_else<std::int64_t>(epochs, "version", 0),
            .route = unknown,
            .partition = partition,
            .place = place};
  if (auto route = route_in(epochs)) {
    line.route = keep(*std::move(route));
  } else if (variant.empty()) {  // it has no name, so there is no other
    line.route = keep(only(line.epoch, "", line.version));
  }
  lines_[{text_in(epochs, "model"), text_in(epochs, "topic"),
          static_cast<std::int32_t>(or_else<std::int64_t>(epochs, "partition", 0))}]
      .push_back(line);
}

template <class Element>
void RecordedAnswers::add_prediction(const Element& line, const Element& models) {
  simdjson::dom::array all;
  const std::string id = text_in(line, "id");
  if (id.empty() || models.get(all) != simdjson::SUCCESS) return;
  auto& answers = predictions_[id];
  const bool later_row = or_else<std::int64_t>(line, "row", 0) > 0;
  if (!later_row) answers.clear();  // logged again: what came last was read last
  for (const element model : all) {
    const std::string name = text_in(model, "model");
    const std::size_t route =
        keep(only(or_else<std::int64_t>(model, "epoch", -1), text_in(model, "variant"),
                  or_else<std::int64_t>(model, "version", 0)));
    const auto known = std::find_if(answers.begin(), answers.end(),
                                    [&](const Answer& a) { return a.model == name; });
    if (known == answers.end()) {
      answers.push_back({name, route, false});
    } else if (known->route != route) {
      known->several = true;
    }
  }
}

std::size_t RecordedAnswers::keep(RecordedRoute route) {
  const auto it = std::find(routes_.rbegin(), routes_.rend(), route);
  if (it != routes_.rend()) return static_cast<std::size_t>(routes_.rend() - it - 1);
  routes_.push_back(std::move(route));
  return routes_.size() - 1;
}

namespace {

// In one partition of the log: what a later line reached back to is gone.
template <class Line>
std::vector<Line> replaced(std::vector<Line> lines) {
  std::stable_sort(lines.begin(), lines.end(),
                   [](const Line& a, const Line& b) { return a.place < b.place; });
  std::vector<Line> kept;
  for (const Line& line : lines) {
    while (!kept.empty() && kept.back().from >= line.from) kept.pop_back();
    kept.push_back(line);
  }
  return kept;
}

}  // namespace

// A line that did not know its route yet has that of the others of its epoch.
void RecordedAnswers::complete() {
  std::map<std::pair<std::string, std::int64_t>, std::size_t> known;
  for (const auto& [place, lines] : lines_) {
    for (const Line& line : lines)
      if (line.epoch >= 0 && line.route != unknown)
        known.emplace(std::pair(std::get<0>(place), line.epoch), line.route);
  }
  for (auto& [place, lines] : lines_) {
    for (Line& line : lines) {
      const auto it = known.find({std::get<0>(place), line.epoch});
      if (line.route == unknown && it != known.end()) line.route = it->second;
    }
  }
}

void RecordedAnswers::close() {
  complete();
  for (auto& [place, lines] : lines_) {
    std::map<std::int32_t, std::vector<Line>> by_partition;
    for (const Line& line : lines) by_partition[line.partition].push_back(line);
    std::vector<Line> all;
    for (auto& [partition, some] : by_partition)
      for (const Line& line : replaced(std::move(some))) all.push_back(line);
    std::stable_sort(all.begin(), all.end(),
                     [](const Line& a, const Line& b) { return a.from < b.from; });
    lines.clear();
    for (Line& line : all) {
      // Of another partition of the log: is it older, and was read again, or is it a process that had not heard yet?
      const bool doubtful = std::any_of(lines.begin(), lines.end(), [&](const Line& before) {
        const bool newer =
            before.epoch > line.epoch ||
            (before.epoch == line.epoch && before.version > line.version && before.epoch < 0);
        return before.partition != line.partition && newer;
      });
      const bool same_place = !lines.empty() && lines.back().from == line.from;
      const bool says_other = same_place && lines.back().epoch != line.epoch;
      if (doubtful || (says_other && lines.back().partition != line.partition))
        line.route = unknown;
      if (same_place && !says_other && line.route == unknown) continue;  // the other one says it
      if (same_place) {
        lines.back() = line;
      } else {
        lines.push_back(line);
      }
    }
  }
}

const RecordedRoute* RecordedAnswers::route_of(std::string_view model, std::string_view topic,
                                               std::int32_t partition, std::int64_t offset) const {
  const RecordedRoute* by_epoch = route_by_epoch(model, topic, partition, offset);
  const auto own = predictions_.find(fmt::format("{}-{}-{}", topic, partition, offset));
  if (own == predictions_.end()) return by_epoch;
  for (const Answer& answer : own->second) {
    if (answer.model != model || answer.several) continue;
    const RecordedRoute& said = routes_[answer.route];
    // Where both say the same the whole route is better: records of several variants are then one batch.
    const auto same = [&](const RecordedVariant& v) {
      return v.name == said.variants[0].name && v.version == said.variants[0].version;
    };
    const bool agree = by_epoch != nullptr && by_epoch->epoch == said.epoch &&
                       std::any_of(by_epoch->variants.begin(), by_epoch->variants.end(), same);
    return agree ? by_epoch : &said;
  }
  return by_epoch;
}

const RecordedRoute* RecordedAnswers::route_by_epoch(std::string_view model, std::string_view topic,
                                                     std::int32_t partition,
                                                     std::int64_t offset) const {
  const auto found = lines_.find(Place{std::string(model), std::string(topic), partition});
  if (found == lines_.end()) return nullptr;
  const auto& lines = found->second;
  const auto after = std::upper_bound(lines.begin(), lines.end(), offset,
                                      [](std::int64_t o, const Line& l) { return o < l.from; });
  if (after == lines.begin()) return nullptr;
  const std::size_t route = std::prev(after)->route;
  return route == unknown ? nullptr : &routes_[route];
}

std::vector<std::int64_t> RecordedAnswers::versions(std::string_view model) const {
  std::set<std::int64_t> versions;
  const auto add = [&](std::size_t route) {
    if (route == unknown) return;
    for (const RecordedVariant& v : routes_[route].variants) versions.insert(v.version);
  };
  for (const auto& [place, lines] : lines_) {
    if (std::get<0>(place) != model) continue;
    for (const Line& line : lines) add(line.route);
  }
  for (const auto& [id, answers] : predictions_) {
    for (const Answer& answer : answers)
      if (answer.model == model) add(answer.route);
  }
  return {versions.begin(), versions.end()};
}

}  // namespace thalweg::monitor
