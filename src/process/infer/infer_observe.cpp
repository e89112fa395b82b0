// Who watches the model hears of each use of a version: once a batch and variant, when the answers are in their columns.
#include <algorithm>

#include "process/infer/infer.h"
#include "process/infer/infer_call.h"
#include "process/infer/infer_inputs.h"

namespace thalweg {

// `placed`: the answers are columns of the batch; otherwise it will be tried again, and only what failed is told.
void Infer::tell_observer(Call& call, bool placed) {
  if (call.rows.empty()) return;
  const std::span<const Column> columns(call.batch->rows().columns);
  const auto told = [&](ModelUse& use, const Variant* variant, const Route& route, Role role,
                        std::span<const std::uint32_t> rows) {
    const bool failed = use.run().failure().has_value();
    if (!failed && !placed) return;
    const BatchTimes& times = use.run().times();
    const Scored common{.batch = *call.batch,
                        .schema = input_,
                        .columns = columns.first(input_.fields.size()),
                        .rows = rows,
                        .output_schema = output_schema_,
                        .outputs = {},
                        .answered = {},
                        .reads = use.bound().binding->reads,
                        .route = route,
                        .variant = variant,
                        .buckets = variant == nullptr
                                       ? std::span<const std::uint32_t>()
                                       : std::span<const std::uint32_t>(call.buckets),
                        .version = *use.bound().version,
                        .role = role,
                        .model_ns = times.model_ns,
                        .model_calls = times.model_calls,
                        .failed = failed,
                        .feature_schema = use.feature_schema(),
                        .features = use.features(),
                        .feature_rows = use.run().rows(),
                        .program = use.bound().binding->program.get()};
    tell_observer(call, common, use, rows, placed);
  };
  for (Part* part : call.asked)
    told(part->use, part->variant, *call.route, Role::variant, part->rows);
  if (!call.fallback_rows.empty())
    told(call.fallback, nullptr, *call.fallback_route, Role::fallback, call.fallback_rows);
}

void Infer::tell_observer(Call& call, const Scored& common, ModelUse& use,
                          std::span<const std::uint32_t> rows, bool placed) {
  Scored scored = common;
  if (common.failed || !placed) {
    observer_->scored(scored);
    return;
  }
  scored.answered = answered_by(call, use, common.role, rows);
  const std::span<const Column> made =
      std::span<const Column>(call.batch->rows().columns).subspan(input_.fields.size());
  if (scored.answered.size() == call.batch->rows().count()) {
    scored.outputs = made;
  } else {
    answers_.resize(made.size());
    for (std::size_t i = 0; i < made.size(); ++i)
      gather_rows(made[i], scored.answered, answers_[i]);
    scored.outputs = answers_;
  }
  observer_->scored(scored);
}

// Those of `rows` that got their answer from this use. Valid until the next call.
std::span<const std::uint32_t> Infer::answered_by(Call& call, ModelUse& use, Role role,
                                                  std::span<const std::uint32_t> rows) {
  if (!use.refused_any()) return rows;
  answered_.clear();
  for (const std::uint32_t row : rows) {
    const bool own = role == Role::fallback || !call.by_fallback(row);
    if (own && call.origins[row].kind == RowOrigin::Kind::call) answered_.push_back(row);
  }
  return answered_;
}

}  // namespace thalweg
