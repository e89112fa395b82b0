// Predictions joined with the labels that came later: how good each version and variant was, and what an A/B test says.
//
//   inference log, a line a prediction ─┐ by id
//   labels, {"id":…,"label":…} a line  ─┴▶ quality for each (model, version, variant); A/B between the variants of one epoch
//
// Both may come in any order. Of a prediction that was logged twice (at least once) the last line counts; so it does of labels. Keeps
// everything in memory: some 100 bytes a prediction.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "thalweg/error.h"

#include "monitor/ab_test.h"
#include "monitor/quality.h"

namespace thalweg::monitor {

struct EvaluationOptions {
  std::string model;                       // "": the last of each prediction's models
  std::string score;                       // the output; "": the first that is a number
  std::string id = "id", label = "label";  // members of a label's line
  double threshold = 0.5;
  // What an A/B test compares: the labels themselves (a conversion, say), the loss of the scores, or the scores.
  enum class Metric : std::uint8_t { label, log_loss, score } metric = Metric::label;
  AbOptions ab;
};

struct GroupFigures {
  std::string model;
  std::int64_t version = 0;
  std::string variant;
  std::uint64_t predictions = 0;
  std::uint64_t unjoined = 0;  // without a label yet
  QualityFigures quality;
};

struct EvaluationReport {
  std::uint64_t predictions = 0;
  std::uint64_t unusable = 0;  // lines of the log without a model or a score that was asked for
  std::uint64_t labels = 0;
  std::uint64_t labels_unjoined = 0;  // without a prediction in the log
  std::vector<GroupFigures> groups;   // by model, version, variant
  std::int64_t epoch = -1;            // of the A/B figures: the last one with two variants
  std::vector<AbVerdict> ab;          // the first variant against each other one
};

class Evaluation {
 public:
  explicit Evaluation(EvaluationOptions options) : options_(std::move(options)) {}

  // A line of the inference log; those about epochs are passed over. Errors: not_json.
  [[nodiscard]] Status add_prediction(std::string_view json);
  // Errors: not_json, missing_field.
  [[nodiscard]] Status add_label(std::string_view json);

  [[nodiscard]] EvaluationReport report() const;

 private:
  struct Group {
    std::string model;
    std::int64_t version;
    std::string variant;
    bool operator==(const Group&) const = default;
  };
  struct Prediction {
    std::uint32_t group = 0;
    std::uint32_t bucket = UINT32_MAX;  // not known
    std::uint32_t share = 0;            // of the variant's buckets, then
    std::int64_t epoch = -1;
    double score = 0;
  };
  [[nodiscard]] std::uint32_t group_of(const Group& group);
  void add_ab(EvaluationReport& report) const;
  [[nodiscard]] std::optional<double> metric_of(const std::string& id, const Prediction& p) const;

  const EvaluationOptions options_;
  std::vector<Group> groups_;
  std::unordered_map<std::string, Prediction> predictions_;
  std::unordered_map<std::string, bool> labels_;
  std::uint64_t unusable_ = 0;
};

[[nodiscard]] std::string to_json(const EvaluationReport& report);
[[nodiscard]] std::string to_text(const EvaluationReport& report);

}  // namespace thalweg::monitor
