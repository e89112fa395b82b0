// The inference log: a sample of the predictions, with who made them, as one more output of the pipeline.
//
//   {"id":"payments-3-1841","models":[{"model":"fraud","version":7,"variant":"b","epoch":12,"bucket":4711,"share":1000,
//    "features":{"x":[2.6,0,1]}}],"latency_us":93,"features":{"amount":12.5,"card":"***"},"outputs":{"score":0.93}}
//   {"epochs":{"model":"fraud","version":7,"variant":"b","epoch":12,"topic":"payments","partition":3,"from":1841,
//              "salt":"fraud","key":"","route":[{"variant":"a","version":6,"end":9000},{"variant":"b","version":7,"end":10000}]}}
//
// `features` of the line: fields as they were decoded; of a model: what its version's steps made of them (logged_features.h).
// `bucket`: of 10,000, that decided about the variant, and `share` of them are the variant's; both are missing just after a change. `row`
// is there where a record has several. Which predictions: hash of the id, so that a replay logs the same ones. The second kind is never sampled away: from that offset on
// that variant was this version in this epoch, until the next such record of that variant and partition; of two that say the same offset
// the later one counts. `route` says who owned which buckets, so that the line answers for every record from there on; just after a change it may be missing,
// and a line with it follows. Log records are sent, acknowledged and (exactly once) committed with the outputs of their record; they do not
// decide about its disposition: of fields, features and outputs each leaves itself out where it cannot be written as JSON or takes more than
// 256 KiB, with "cut":true, and the prediction goes on. A line that the broker refuses is lost and counted, and so is every one while the
// log is muted; an epoch that was not told is told with the next record.
//
// One a worker. `latency_us`: in features and models, of the batch that the record shared.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "thalweg/batch.h"
#include "thalweg/ports.h"
#include "thalweg/registry.h"

#include "model/bucket.h"
#include "model/provider.h"
#include "monitor/json_columns.h"
#include "monitor/logged_features.h"

namespace thalweg::monitor {

struct InferenceLogOptions {
  std::string topic;
  double share = 0.01;
  std::vector<std::string> fields;
  std::vector<std::string> mask;
  bool epochs = true;
  Where where;
  std::vector<std::string> features{};  // that are logged: what `mask` may name as features.NAME
  std::vector<std::string>
      maskable{};  // what else `mask` may name: columns that the steps have before the end
};

class InferenceLog {
 public:
  // `decoded`: the columns of the decoder; those that `last`, the columns at the end, has beyond them are outputs. `models` outlives it.
  // Errors: config_invalid, for a field that is not there.
  [[nodiscard]] static Result<std::unique_ptr<InferenceLog>> make(InferenceLogOptions options,
                                                                  const Schema& decoded,
                                                                  const Schema& last,
                                                                  const Registry& registry,
                                                                  ModelProvider& models);

  // Where the lines find what steps made. Null: nothing of that is logged.
  void take_features_from(std::unique_ptr<LoggedFeatures> features) {
    features_ = std::move(features);
  }
  [[nodiscard]] const std::string& topic() const noexcept { return options_.topic; }
  void set_target(std::uint16_t target) noexcept { target_ = target; }
  [[nodiscard]] std::uint16_t target() const noexcept { return target_; }

  // Adds the log records of the batch's live rows to its outputs. Once a batch, after the outputs.
  void append(Batch& batch);

  // The broker refuses this line. If its record is read again, as from a transaction that was taken back, it is left out. True: it was so
  // small and plain a line (an epoch's) that no other will do better.
  [[nodiscard]] bool refused(const SourceRecord& record, const OutputRecord& line);
  // No lines while true.
  void mute(bool yes) noexcept { muted_ = yes; }
  [[nodiscard]] std::uint64_t lost() const noexcept { return lost_; }

 private:
  // What was last told of a variant in a partition.
  struct Told {
    std::string topic;
    std::int32_t partition = -1;
    std::string model, variant;
    std::int64_t version = -1;
    std::int64_t epoch = -1;
    std::int64_t last = -1;  // offset seen
    bool routed = false;     // with its route
  };
  // A route in words, without its versions: these must not be kept alive.
  struct Described {
    std::string model;
    std::int64_t epoch = -1;
    const Route* route = nullptr;  // only to see that it is another one
    std::vector<std::pair<std::string, std::int64_t>> versions;  // by variant
    std::string json;
  };
  struct Stamp {
    std::shared_ptr<const Route> route;    // null: of another epoch by now, or unknown
    std::size_t key = SIZE_MAX;            // column
    std::size_t told = SIZE_MAX;           // of told_, last
    const Described* described = nullptr;  // null: unknown; of described_
  };

  InferenceLog(InferenceLogOptions options, const Schema& last, ModelProvider& models)
      : options_(std::move(options)), schema_(last), models_(models) {}
  void find_routes(const Batch& batch);
  void describe(const std::string& model, const Route& route);
  [[nodiscard]] const Described* described_for(const ModelStamp& stamp) const;
  [[nodiscard]] std::string_view id_of(const SourceRecord& record);
  void append_lines(Batch& batch);
  [[nodiscard]] std::uint32_t bucket_of(const Batch& batch, std::uint32_t row, const Stamp& stamp);
  void add_prediction(Batch& batch, std::uint32_t row, std::string_view id);
  [[nodiscard]] bool put_object(Batch& batch, std::uint32_t row, std::string_view name,
                                const JsonColumns& columns);
  void add_epochs(Batch& batch, std::uint32_t record);
  [[nodiscard]] std::size_t told_of(const SourceRecord& source, const ModelStamp& stamp,
                                    Stamp& found);
  void add_epoch(Batch& batch, std::uint32_t record, const ModelStamp& stamp,
                 const Described* described, Told& told);
  void put_models(const Batch& batch, std::uint32_t row, std::uint32_t record);
  void add_output(Batch& batch, std::uint32_t record, std::string_view value) const;

  const InferenceLogOptions options_;
  const Schema schema_;
  ModelProvider& models_;
  JsonColumns fields_, outputs_;
  std::unique_ptr<LoggedFeatures> features_;  // null: none are logged
  std::uint16_t target_ = 0;
  std::vector<Told> told_;
  std::vector<Stamp> stamps_;        // of the batch
  std::deque<Described> described_;  // the latest last
  Bucketer bucketer_;
  std::string id_, text_;  // reused
  bool muted_ = false;
  std::uint64_t lost_ = 0;
  std::set<std::string, std::less<>> left_out_;  // ids
};

}  // namespace thalweg::monitor
