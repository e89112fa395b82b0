// Any lines as inference log and as labels: each is taken or refused with a reason, the report's counts add up, it is JSON and UTF-8, and
// labels that come first make the same one.
#include "fuzz/input.h"
#include "monitor/evaluation.h"

namespace {

using namespace thalweg;
using fuzz::require;

template <typename F>
void for_each_line(std::string_view text, const F& f) {
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    f(text.substr(begin, end - begin));
    begin = end + 1;
  }
}

void add_predictions(monitor::Evaluation& evaluation, std::string_view lines) {
  for_each_line(lines, [&](std::string_view line) {
    const Status added = evaluation.add_prediction(line);
    require(added.ok() || added.error().code() == Code::not_json);
  });
}

void add_labels(monitor::Evaluation& evaluation, std::string_view lines) {
  for_each_line(lines, [&](std::string_view line) {
    const Status added = evaluation.add_label(line);
    if (added.ok()) return;
    require(added.error().code() == Code::not_json || added.error().code() == Code::missing_field);
    require(!fuzz::is_utf8(line) || fuzz::is_utf8(added.error().message()));
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using Metric = monitor::EvaluationOptions::Metric;
  fuzz::Parts parts(data, size);
  const std::string_view predictions = parts.next();
  const std::string_view labels = parts.next();
  monitor::EvaluationOptions options;
  options.metric = static_cast<Metric>(parts.rest().size() % 3);

  monitor::Evaluation evaluation(options), other(options);
  add_predictions(evaluation, predictions);
  add_labels(evaluation, labels);
  add_labels(other, labels);
  add_predictions(other, predictions);

  const monitor::EvaluationReport report = evaluation.report();
  std::uint64_t counted = 0, joined = 0;
  for (const auto& group : report.groups) {
    require(group.unjoined <= group.predictions);
    counted += group.predictions;
    joined += group.predictions - group.unjoined;
    require(group.quality.rows + group.quality.not_numbers == group.predictions - group.unjoined);
  }
  require(counted == report.predictions && joined + report.labels_unjoined == report.labels);
  const std::string json = monitor::to_json(report);
  require(fuzz::is_json(json) && fuzz::is_utf8(monitor::to_text(report)));
  require(monitor::to_json(other.report()) == json);
  return 0;
}
