#include "cli/findings.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "cli/terminal.h"
#include "config/json_text.h"
#include "run/exit_code.h"

namespace thalweg::cli {
namespace {

std::string_view word(Severity severity) {
  switch (severity) {
    case Severity::ok: return "ok";
    case Severity::warning: return "warning";
    case Severity::error: return "error";
  }
  return "error";
}

std::string_view colour(Severity severity, const Style& s) {
  if (severity == Severity::ok) return s.good;
  return severity == Severity::warning ? s.warn : s.bad;
}

// Errors of the configuration say themselves where they are: "fraud.yaml:4: model 'fraud': …".
bool is_said(const std::string& subject, const std::string& text) {
  return subject.empty() || text.find(subject + ":") != std::string::npos;
}

std::string model_json(const ModelVersion& model) {
  using config::json_string;
  std::string text = fmt::format(
      R"({{"model":{},"version":{},"runtime":{},"signature":{},"rows_max":{},"costs":[)",
      json_string(model.model), model.version, json_string(model.runtime),
      json_string(model.signature.name), model.rows_max);
  for (std::size_t i = 0; i < model.costs.size(); ++i) {
    const BatchCost& c = model.costs[i];
    text += fmt::format(R"({}{{"rows":{},"cpu_us_per_row":{:.3f},"wall_us_per_row":{:.3f}}})",
                        i == 0 ? "" : ",", c.rows, c.cpu_us_per_row, c.wall_us_per_row);
  }
  return text + "]}";
}

std::string partition_json(const PartitionFinding& p) {
  return fmt::format(
      R"({{"topic":{},"partition":{},"low":{},"high":{},"committed":{},"begin":{},"backlog":{}}})",
      config::json_string(p.at.topic), p.at.partition.value, p.range.low.value, p.range.high.value,
      p.committed ? std::to_string(p.committed->value) : "null", p.begin.value, p.backlog());
}

std::string finding_json(const Finding& f) {
  return fmt::format(R"({{"severity":"{}","subject":{},"text":{},"code":{}}})", word(f.severity),
                     config::json_string(f.subject), config::json_string(f.text),
                     f.code ? '"' + std::string(to_string(*f.code)) + '"' : "null");
}

template <class Items, class F>
std::string json_list(const Items& items, F to_json) {
  std::string text = "[";
  for (const auto& item : items) text += (text.size() == 1 ? "" : ",") + to_json(item);
  return text + "]";
}

}  // namespace

std::string cost_table(const ModelVersion& model) {
  if (model.costs.empty()) return {};
  std::string text =
      fmt::format("           {:>8}  {:>12}  {:>12}\n", "rows", "cpu µs/row", "wall µs/row");
  for (const BatchCost& cost : model.costs) {
    text += fmt::format("           {:>8}  {:>11.2f}  {:>11.2f}\n", cost.rows, cost.cpu_us_per_row,
                        cost.wall_us_per_row);
  }
  return text;
}

std::string partition_table(const std::vector<PartitionFinding>& partitions) {
  if (partitions.empty()) return {};
  std::string text = fmt::format("           {:<32} {:>12} {:>12} {:>12}\n", "partition",
                                 "begins at", "end", "backlog");
  for (const PartitionFinding& p : partitions) {
    text +=
        fmt::format("           {:<32} {:>12} {:>12} {:>12}{}\n", p.at.to_string(), p.begin.value,
                    p.range.high.value, p.backlog(), p.committed ? "  (committed)" : "");
  }
  return text;
}

int Findings::exit_code() const noexcept {
  for (const Finding& f : all_) {
    if (f.severity == Severity::error)
      return exit_code_of(Error(f.code.value_or(Code::internal), ""));
  }
  return exit_ok;
}

bool Findings::has(Code code) const noexcept {
  return std::any_of(all_.begin(), all_.end(), [&](const Finding& f) { return f.code == code; });
}

void Findings::append(Findings more) {
  all_.insert(all_.end(), std::make_move_iterator(more.all_.begin()),
              std::make_move_iterator(more.all_.end()));
  models.insert(models.end(), more.models.begin(), more.models.end());
  partitions.insert(partitions.end(), more.partitions.begin(), more.partitions.end());
}

bool Findings::has_warnings() const noexcept {
  return std::any_of(all_.begin(), all_.end(),
                     [](const Finding& f) { return f.severity == Severity::warning; });
}

std::string Findings::to_text() const {
  const Style& s = style(stdout);
  std::string text;
  for (const Finding& f : all_) {
    text += fmt::format("  {}{:<8}{} ", colour(f.severity, s), word(f.severity), s.off);
    text += is_said(f.subject, f.text) ? f.text + '\n' : fmt::format("{}: {}\n", f.subject, f.text);
    text += f.details;
  }
  return text;
}

std::string Findings::to_json(const std::string& path) const {
  return fmt::format(R"({{"file":{},"ok":{},"findings":{},"models":{},"partitions":{}}})",
                     config::json_string(path), exit_code() == exit_ok,
                     json_list(all_, finding_json),
                     json_list(models, [](const auto& m) { return model_json(*m); }),
                     json_list(partitions, partition_json));
}

}  // namespace thalweg::cli
