// Batches of made-up rows, told to an observer as the infer step would.
#pragma once

#include <cmath>
#include <functional>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "model/score_observer.h"

namespace thalweg::monitor {

struct MadeRow {
  float amount = 0;
  std::string country;
  float score = 0;
};

class ScoredRows {
 public:
  explicit ScoredRows(std::int64_t version = 1, std::string path = "no such folder") {
    version_->model = "fraud";
    version_->version = version;
    version_->path = std::move(path);
  }

  void tell(ScoreObserver& observer, std::size_t rows, const std::function<MadeRow()>& make) {
    fill(rows, make);
    observer.scored(scored());
  }
  // The next rows are of another version, and the use and its schemas stay: what a reload is to an observer.
  void load(std::int64_t version) {
    auto next = std::make_unique<ModelVersion>();
    next->model = version_->model;
    next->path = version_->path;
    next->version = version;
    gone_.push_back(std::exchange(version_, std::move(next)));
  }
  // Published anew under its number: the use and its schemas stay.
  void publish_anew(std::string content) {
    load(version_->version);
    version_->content = std::move(content);
  }
  // From now on steps make features of each row: log1p of the amount, under the amount's name; two numbers, the score's and another one of
  // the amount; and the country as it stands. The first `refused` rows of a batch are refused by a step.
  void make_features(std::size_t refused = 0) {
    features_ = true;
    refused_ = refused;
  }
  // Asked, and all refused.
  void refuse(ScoreObserver& observer, std::size_t rows, const std::function<MadeRow()>& make) {
    fill(rows, make);
    outputs_[0].reset(output_schema_.fields[0].type);
    Scored none = scored();
    none.answered = {};
    observer.scored(none);
  }
  void fill(std::size_t rows, const std::function<MadeRow()>& make) {
    batch_.reset();
    columns_[0].reset(schema_.fields[0].type);
    columns_[1].reset(schema_.fields[1].type);
    outputs_[0].reset(output_schema_.fields[0].type);
    for (std::size_t i = 0; i < rows; ++i) {
      const MadeRow row = make();
      *columns_[0].append<float>() = row.amount;
      columns_[1].push_string(batch_.arena().copy(row.country));
      columns_[1].end_row();
      *outputs_[0].append<float>() = row.score;
    }
    rows_.resize(rows);
    std::iota(rows_.begin(), rows_.end(), 0U);
    if (features_) fill_features(rows);
  }
  [[nodiscard]] Scored scored() const {
    return {.batch = batch_,
            .schema = schema_,
            .columns = columns_,
            .rows = rows_,
            .output_schema = output_schema_,
            .outputs = outputs_,
            .answered = rows_,
            .reads = reads_,
            .route = route_,
            .version = *version_,
            .feature_schema = features_ ? &feature_schema_ : nullptr,
            .features = features_ ? std::span<const Column* const>(feature_pointers_)
                                  : std::span<const Column* const>(),
            .feature_rows = feature_rows_};
  }

 private:
  void fill_features(std::size_t rows) {
    for (std::size_t i = 0; i < 2; ++i) feature_columns_[i].reset(feature_schema_.fields[i].type);
    for (std::uint32_t row = 0; row < rows; ++row) {
      const float logarithm = std::log1p(columns_[0].values<float>()[row]);
      // What a step refuses has a row of zeros.
      *feature_columns_[0].append<float>() = row < refused_ ? 0 : logarithm;
      float* two = feature_columns_[1].append<float>();
      two[0] = row < refused_ ? 0 : outputs_[0].values<float>()[row];
      two[1] = row < refused_ ? 0 : 1 / (1 + columns_[0].values<float>()[row]);
    }
    feature_rows_.resize(rows - refused_);
    std::iota(feature_rows_.begin(), feature_rows_.end(), static_cast<std::uint32_t>(refused_));
    feature_pointers_ = {feature_columns_.data(), &feature_columns_[1], nullptr};
  }

  Schema schema_{{{"amount", {DType::float32, {}}}, {"country", {DType::string, {}}}}};
  Schema output_schema_{{{"score", {DType::float32, {}}}}};
  Schema feature_schema_{{{"amount", {DType::float32, {}}},
                          {"both", {DType::float32, {{2}}}},
                          {"country", {DType::string, {}}}}};
  bool features_ = false;
  std::size_t refused_ = 0;
  std::vector<Column> feature_columns_ = std::vector<Column>(2);
  std::vector<const Column*> feature_pointers_;
  std::vector<std::uint32_t> feature_rows_;
  std::vector<std::uint32_t> reads_{0, 1};
  Batch batch_;
  std::vector<Column> columns_ = std::vector<Column>(2);
  std::vector<Column> outputs_ = std::vector<Column>(1);
  std::vector<std::uint32_t> rows_;
  Route route_;
  std::unique_ptr<ModelVersion> version_ = std::make_unique<ModelVersion>();
  std::vector<std::unique_ptr<ModelVersion>> gone_;  // kept, so that no address comes twice
};

}  // namespace thalweg::monitor
