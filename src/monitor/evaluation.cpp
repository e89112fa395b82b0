#include "monitor/evaluation.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <simdjson.h>

#include "model/route.h"

namespace thalweg::monitor {
namespace {

using simdjson::dom::element;

// A number, a list of one, or the second of two: of a pair of class probabilities the one of "yes".
std::optional<double> score_in(const element& value) {
  double number = 0;
  if (value.get(number) == simdjson::SUCCESS) return number;
  simdjson::dom::array list;
  if (value.get(list) != simdjson::SUCCESS || list.size() == 0 || list.size() > 2)
    return std::nullopt;
  if (list.at(list.size() - 1).get(number) != simdjson::SUCCESS) return std::nullopt;
  return number;
}

std::optional<double> score_of(const element& line, const std::string& wanted) {
  simdjson::dom::object outputs;
  if (line["outputs"].get(outputs) != simdjson::SUCCESS) return std::nullopt;
  for (const auto [name, value] : outputs) {
    if (!wanted.empty() && name != wanted) continue;
    if (const auto score = score_in(value)) return score;
  }
  return std::nullopt;
}

std::optional<element> model_of(const element& line, const std::string& wanted) {
  simdjson::dom::array models;
  if (line["models"].get(models) != simdjson::SUCCESS) return std::nullopt;
  std::optional<element> found;
  for (const element model : models) {
    std::string_view name;
    if (model["model"].get(name) == simdjson::SUCCESS && (wanted.empty() || name == wanted))
      found = model;
  }
  return found;
}

template <class T>
T or_else(const element& from, const char* name, T otherwise) {
  T value{};
  return from[name].get(value) == simdjson::SUCCESS ? value : otherwise;
}

std::optional<bool> label_in(const element& value) {
  bool flag = false;
  if (value.get(flag) == simdjson::SUCCESS) return flag;
  double number = 0;
  // Not rounded: a probability or a class of many taken for a yes would be believed.
  if (value.get(number) == simdjson::SUCCESS && (number == 0 || number == 1)) return number == 1;
  return std::nullopt;
}

std::string id_in(const element& line, const std::string& name) {
  std::string_view text;
  if (line[name].get(text) != simdjson::SUCCESS) return {};
  std::string id(text);
  // Rows of one record have its id, and tell themselves apart.
  const auto row = or_else<std::int64_t>(line, "row", -1);
  return row < 0 ? id : id + "#" + std::to_string(row);
}

}  // namespace

std::uint32_t Evaluation::group_of(const Group& group) {
  const auto it = std::find(groups_.begin(), groups_.end(), group);
  if (it != groups_.end()) return static_cast<std::uint32_t>(it - groups_.begin());
  groups_.push_back(group);
  return static_cast<std::uint32_t>(groups_.size() - 1);
}

Status Evaluation::add_prediction(std::string_view json) {
  thread_local simdjson::dom::parser parser;
  element line;
  if (parser.parse(json.data(), json.size()).get(line) != simdjson::SUCCESS)
    return Error(Code::not_json,
                 "inference log: a line of JSON was expected; got something else; "
                 "is it the right file?");
  element epochs;
  if (line["epochs"].get(epochs) == simdjson::SUCCESS) return {};
  const std::string id = id_in(line, "id");
  const auto model = model_of(line, options_.model);
  const auto score = score_of(line, options_.score);
  if (id.empty() || !model || !score) {
    ++unusable_;
    return {};
  }
  Prediction& p = predictions_[id];
  p.group = group_of({std::string(or_else<std::string_view>(*model, "model", "")),
                      or_else<std::int64_t>(*model, "version", 0),
                      std::string(or_else<std::string_view>(*model, "variant", ""))});
  p.epoch = or_else<std::int64_t>(*model, "epoch", -1);
  p.bucket = static_cast<std::uint32_t>(or_else<std::uint64_t>(*model, "bucket", UINT32_MAX));
  p.share = static_cast<std::uint32_t>(or_else<std::uint64_t>(*model, "share", 0));
  p.score = *score;
  return {};
}

Status Evaluation::add_label(std::string_view json) {
  thread_local simdjson::dom::parser parser;
  element line;
  if (parser.parse(json.data(), json.size()).get(line) != simdjson::SUCCESS)
    return Error(Code::not_json,
                 "labels: a line of JSON was expected; got something else; write {\"id\":\"…\","
                 "\"label\":1}");
  element value;
  const std::string id = id_in(line, options_.id);
  const bool there = line[options_.label].get(value) == simdjson::SUCCESS;
  const auto label = there ? label_in(value) : std::nullopt;
  if (there && !label) {
    return Error(Code::missing_field,
                 fmt::format("labels: '{}' as true, false, 0 or 1 was expected; got {} in {}; "
                             "decide what is a yes before, or name another member with --label",
                             options_.label, std::string(simdjson::minify(value)).substr(0, 40),
                             json.substr(0, 100)));
  }
  if (id.empty() || !label) {
    return Error(Code::missing_field,
                 fmt::format("labels: '{}' (a text) and '{}' (true, false, 0 or 1) were expected; "
                             "got {}; name them with --id and --label",
                             options_.id, options_.label, json.substr(0, 100)));
  }
  labels_[id] = *label;
  return {};
}

EvaluationReport Evaluation::report() const {
  EvaluationReport out;
  out.predictions = predictions_.size();
  out.unusable = unusable_;
  out.labels = labels_.size();
  std::vector<Quality> qualities(groups_.size());
  for (const Group& group : groups_) {
    GroupFigures& figures = out.groups.emplace_back();
    figures.model = group.model;
    figures.version = group.version;
    figures.variant = group.variant;
  }
  std::uint64_t joined = 0;
  for (const auto& [id, p] : predictions_) {
    GroupFigures& figures = out.groups[p.group];
    ++figures.predictions;
    const auto label = labels_.find(id);
    if (label == labels_.end()) {
      ++figures.unjoined;
    } else {
      ++joined;
      qualities[p.group].add(p.score, label->second);
    }
  }
  out.labels_unjoined = out.labels - joined;
  for (std::size_t i = 0; i < groups_.size(); ++i)
    out.groups[i].quality = qualities[i].figures(options_.threshold);
  std::sort(out.groups.begin(), out.groups.end(), [](const auto& a, const auto& b) {
    return std::tie(a.model, a.version, a.variant) < std::tie(b.model, b.version, b.variant);
  });
  add_ab(out);
  return out;
}

std::optional<double> Evaluation::metric_of(const std::string& id, const Prediction& p) const {
  using Metric = EvaluationOptions::Metric;
  if (options_.metric == Metric::score) return p.score;
  const auto label = labels_.find(id);
  if (label == labels_.end()) return std::nullopt;
  if (options_.metric == Metric::label) return label->second ? 1.0 : 0.0;
  return log_loss_of(p.score, label->second);
}

// Shares are the route's, and a route has one epoch: rows of several would compare what nobody decided.
void Evaluation::add_ab(EvaluationReport& report) const {
  std::map<std::int64_t, std::set<std::string>> variants;
  for (const auto& [id, p] : predictions_) {
    if (p.bucket != UINT32_MAX) variants[p.epoch].insert(groups_[p.group].variant);
  }
  const auto last = std::find_if(variants.rbegin(), variants.rend(),
                                 [](const auto& epoch) { return epoch.second.size() > 1; });
  if (last == variants.rend()) return;
  report.epoch = last->first;
  AbTable table(bucket_count);
  std::map<std::string, std::uint32_t> shares;
  for (const auto& [id, p] : predictions_) {
    if (p.epoch != report.epoch || p.bucket == UINT32_MAX) continue;
    const auto y = metric_of(id, p);
    if (!y) continue;
    const std::string& variant = groups_[p.group].variant;
    shares[variant] = p.share;
    table.add(table.variant(variant, p.share), p.bucket, *y);
  }
  if (shares.size() < 2) return;
  const auto first =
      std::max_element(shares.begin(), shares.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  for (const auto& [variant, share] : shares) {
    if (variant == first->first) continue;
    report.ab.push_back(
        table.verdict(table.variant(first->first), table.variant(variant), options_.ab));
  }
}

}  // namespace thalweg::monitor
