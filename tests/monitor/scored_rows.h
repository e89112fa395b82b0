// Batches of made-up rows, told to an observer as the infer step would.
#pragma once

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
            .version = *version_};
  }

 private:
  Schema schema_{{{"amount", {DType::float32, {}}}, {"country", {DType::string, {}}}}};
  Schema output_schema_{{{"score", {DType::float32, {}}}}};
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
