// Rows for the shadow: copied when the batch has its answers, so that it can neither wait for the copy's fate nor be changed by it.
#include <algorithm>

#include "process/infer/infer.h"
#include "process/infer/infer_call.h"
#include "process/infer/infer_inputs.h"

namespace thalweg {
namespace {

// As gather_rows, with the bytes of strings too.
void copy_rows(const Column& from, std::span<const std::uint32_t> rows, Column& to, Arena& arena) {
  if (from.type().dtype != DType::string) return gather_rows(from, rows, to);
  to.reset(from.type());
  for (const std::uint32_t row : rows) {
    for (const std::string_view text : from.string_row(row)) to.push_string(arena.copy(text));
    to.end_row();
  }
}

// `record_of`: of all rows; `rows`: those whose numbers are wanted.
void number_rows(std::span<const std::uint32_t> record_of, std::span<const std::uint32_t> rows,
                 std::vector<std::uint32_t>& numbers) {
  numbers.clear();
  for (const std::uint32_t row : rows) {
    const auto [first, end] = std::equal_range(record_of.begin(), record_of.end(), record_of[row]);
    const auto number = static_cast<std::uint32_t>(row - (first - record_of.begin()));
    numbers.push_back(end - first == 1 ? Compared::only_row : number);
  }
}

}  // namespace

void Infer::offer_to_shadow(Call& call) {
  if (shadow_observer_ == nullptr || call.rows.empty()) return;
  const auto& challenger = call.route->shadow;
  if (shadow_ == nullptr) {
    shadow_ = std::make_unique<ShadowLane>(input_, output_schema_, outputs_, *shadow_observer_,
                                           primary_->owner());
  }
  if (auto hung = shadow_->look()) {
    observer_->shadow_lost(*hung->version, hung->rows, ShadowLoss::disabled);
    observer_->shadow_disabled(*hung->version, hung->why);
  }
  ShadowLoss why = ShadowLoss::lagging;
  ShadowJob* job = observer_->lagging() ? nullptr : shadow_->begin(challenger, why);
  if (job != nullptr) {
    auto bound = primary_->bind(challenger);
    if (bound.ok()) {
      job->bound = std::move(bound).value();
      copy_for_shadow(call, *job);
      shadow_->submit(*job);
      return;
    }
    shadow_->give_back(*job);
    shadow_->disable(challenger);
    observer_->shadow_disabled(*challenger, bound.error());
    why = ShadowLoss::disabled;
  }
  observer_->shadow_lost(*challenger, call.rows.size(), why);
}

void Infer::copy_for_shadow(Call& call, ShadowJob& job) {
  const Batch& from = *call.batch;
  Batch& to = job.batch;
  to.reset();
  to.rows().begin(input_);
  if (shadow_route_ == nullptr || shadow_route_of_.lock() != call.route) {
    shadow_route_ = bare_route(*call.route);
    shadow_route_of_ = call.route;
  }
  job.route = shadow_route_;
  std::uint32_t last = UINT32_MAX;
  for (const std::uint32_t row : call.rows) {
    const std::uint32_t record = call.record_of(row);
    if (record != last) {
      SourceRecord copy = from.record(record);
      copy.value.reset();
      copy.headers_begin = copy.headers_end = 0;
      if (copy.key) copy.key = to.arena().copy(*copy.key);
      to.add_record(copy);
      last = record;
    }
    to.rows().record_of.push_back(static_cast<std::uint32_t>(to.size() - 1));
  }
  number_rows(from.rows().record_of, call.rows, job.row_numbers);
  for (const std::uint32_t column : job.bound.binding->reads)
    copy_rows(from.rows().columns[column], call.rows, to.rows().columns[column], to.arena());
  job.champion_count = 0;
  for (Part* part : call.asked) {
    if (part->use.run().failure()) continue;
    if (job.champion_count == job.champions.size()) job.champions.emplace_back();
    copy_champion(call, *part, job, to.arena());
  }
}

void Infer::copy_champion(Call& call, Part& part, ShadowJob& job, Arena& strings) {
  ShadowJob::Champion& to = job.champions[job.champion_count++];
  const auto answered = answered_by(call, part.use, Role::variant, part.rows);
  to.variant =
      &job.route->variants[static_cast<std::size_t>(part.variant - call.route->variants.data())];
  to.ns_per_row = static_cast<double>(part.use.run().times().model_ns) /
                  static_cast<double>(std::max<std::size_t>(part.rows.size(), 1));
  to.rows.clear();
  std::uint32_t at = 0;  // both lists are ascending
  for (const std::uint32_t row : answered) {
    while (call.rows[at] != row) ++at;
    to.rows.push_back(at);
  }
  to.outputs.resize(outputs_.size());
  const auto& columns = call.batch->rows().columns;
  for (std::size_t i = 0; i < outputs_.size(); ++i)
    copy_rows(columns[input_.fields.size() + i], answered, to.outputs[i], strings);
}

}  // namespace thalweg
