// infer: a model answers for each live row; its outputs become columns.
//
//   - infer: { model: fraud, outputs: { probability: fraud_score }, on_error: { default: { fraud_score: 0.5 } } }
//
//   take the route ─▶ rows by variant ─▶ features ─▶ tensors ─▶ call(s), search for guilty rows ─▶ columns, dispositions
//   ModelSlot         RowSplit           ModelUse    InputGather  InferRun                        infer_outputs, Infer::finish
//
// Each batch takes the model's route once, with the versions it names and their features, and keeps it until it is reset. Each variant
// that has rows is asked once for all of them; with one variant nothing is split.
//
// When rows are refused (by a feature step, or by the model: InferRun says how they are found), or the model itself
// fails, `on_error` decides:
//
//                   a refused row            the model fails, or is not there
//   dead_letter     its record is dead       the batch is tried again, then the pipeline stops
//   stop            the pipeline stops       the batch is tried again, then the pipeline stops
//   default         the default values       the default values, for all rows
//   model           the other model answers; what that one refuses is dead; if it fails too: as with dead_letter
//
// Results made by a default or by the other model are marked: Batch::is_fallback. The other model answers by its first variant.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "thalweg/registry.h"

#include "model/score_observer.h"
#include "process/infer/infer_outputs.h"
#include "process/infer/infer_settings.h"
#include "process/infer/model_use.h"
#include "process/infer/row_split.h"
#include "process/infer/shadow_lane.h"

namespace thalweg {

class Infer final : public Operator {
 public:
  // Loads and binds the model(s). Errors: those of ModelProvider::model, signature_mismatch, config_invalid.
  [[nodiscard]] static Result<std::unique_ptr<Operator>> make(InferSettings settings,
                                                              const OperatorContext& context);
  ~Infer() override;

  [[nodiscard]] const Schema& schema() const noexcept override { return schema_; }
  [[nodiscard]] Progress process(Batch& batch, const Resume& resume) override;
  [[nodiscard]] Status result(Batch& batch) override;
  [[nodiscard]] std::string describe() const override;
  // Whether the buckets of that model's rows can be made of the field `key` here. Any thread. Errors: config_invalid.
  [[nodiscard]] Status check_key(const std::string& model, const std::string& key) const;
  // What the step's own features, those of the pipeline file, hash to for the model that serves. Empty: there are none, or this step
  // does not ask that model.
  [[nodiscard]] std::string features_sha256(const std::string& model) const;
  // Names of what feature steps make for the versions that serve; one comes again where several have it.
  [[nodiscard]] std::vector<std::string> made_features() const;

 private:
  struct Call;  // one batch on its way through this step
  struct Part;  // of one variant

  Infer(InferSettings settings, const Schema& input);
  [[nodiscard]] Status bind_primary(const OperatorContext& context);
  [[nodiscard]] Status bind_fallback(const OperatorContext& context);
  [[nodiscard]] Status bind_defaults();

  [[nodiscard]] Call& call_for(Batch& batch);
  [[nodiscard]] Status take_versions(Call& call);
  [[nodiscard]] Status split_rows(Call& call);
  [[nodiscard]] Progress ask(Call& call);
  [[nodiscard]] bool run_fallback(Call& call);
  [[nodiscard]] bool wants_fallback(const Call& call) const;
  [[nodiscard]] Status finish(Call& call);
  [[nodiscard]] Status verdict(Call& call) const;
  [[nodiscard]] Status verdict_on(const Call& call, Part& part) const;
  void place_answers(Call& call, ModelUse& use) const;
  void settle_refused(Call& call) const;
  void stamp(Call& call) const;
  // infer_observe.cpp
  void tell_observer(Call& call, bool placed);
  void tell_observer(Call& call, const Scored& common, ModelUse& use,
                     std::span<const std::uint32_t> rows, bool placed);
  [[nodiscard]] std::span<const std::uint32_t> answered_by(Call& call, ModelUse& use, Role role,
                                                           std::span<const std::uint32_t> rows);
  // infer_shadow.cpp
  void offer_to_shadow(Call& call);
  void copy_for_shadow(Call& call, ShadowJob& job);
  void copy_champion(Call& call, Part& part, ShadowJob& job, Arena& strings);

  InferSettings settings_;
  Schema input_;
  Schema schema_;
  RowSplit split_;
  std::vector<std::vector<std::uint32_t>*> lists_;  // scratch of split_rows
  std::unique_ptr<ModelSlot> primary_;
  std::unique_ptr<ModelSlot> fallback_;       // on_error: model
  std::vector<OutputPlan> outputs_;           // of the first version; later ones are the same
  Schema output_schema_;                      // of the columns they become
  std::vector<Column> defaults_;              // on_error: default; one row each
  std::vector<std::unique_ptr<Call>> calls_;  // kept for reuse; as many as batches are here at once
  ScoreObserver* observer_ = nullptr;         // null: nobody
  std::vector<std::uint32_t> answered_;       // scratch of tell_observer
  std::vector<Column> answers_;
  ScoreObserver* shadow_observer_ = nullptr;   // null: nobody would hear it, so no shadow runs
  std::unique_ptr<ShadowLane> shadow_;         // from the first route that has one
  std::shared_ptr<const Route> shadow_route_;  // bare_route() of the one below, made once
  std::weak_ptr<const Route> shadow_route_of_;
};

void register_infer(Registry& registry);

}  // namespace thalweg
