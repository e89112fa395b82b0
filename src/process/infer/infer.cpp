// The way of a batch through the infer step. Building the step is in infer_make.cpp.
#include "process/infer/infer.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "process/infer/infer_call.h"

namespace thalweg {

Infer::Infer(InferSettings settings, const Schema& input)
    : settings_(std::move(settings)), input_(input), schema_(input) {}

Infer::~Infer() = default;

Infer::Call& Infer::call_for(Batch& batch) {
  Call* free = nullptr;
  for (const auto& call : calls_) {
    if (call->batch == &batch) return *call;
    if (call->batch == nullptr) free = call.get();
  }
  if (free == nullptr) free = calls_.emplace_back(std::make_unique<Call>()).get();
  free->batch = &batch;
  return *free;
}

Progress Infer::process(Batch& batch, const Resume& resume) {
  Call& call = call_for(batch);
  call.begin();
  if (call.rows.empty()) return Progress::done;
  call.early = take_versions(call);
  if (!call.early.ok()) return Progress::done;
  call.resume = resume;  // now: the answer may come before submit returns
  // All features before the first call: they write into the batch's arena, which an answering thread may read.
  for (Part* part : call.asked) part->use.begin(std::move(part->bound), batch, part->rows);
  return ask(call);
}

Status Infer::take_versions(Call& call) {
  auto route = primary_->route();
  if (!route) return std::move(route).error();
  call.route = std::move(route).value();
  if (Status split = split_rows(call); !split.ok()) return split;
  for (Part* part : call.asked) {
    auto bound = primary_->bind(part->variant->version);
    if (!bound) return std::move(bound).error();
    part->bound = std::move(bound).value();
  }
  if (fallback_ == nullptr) return {};
  // Also at the start, and here: the slot belongs to the worker's thread, and answers may come on another.
  auto other = fallback_->route();
  if (!other) return std::move(other).error();
  call.fallback_route = std::move(other).value();
  auto fallback = fallback_->bind(call.fallback_route->variants.front().version);
  if (!fallback) return std::move(fallback).error();
  call.fallback_version = std::move(fallback).value();
  return {};
}

Status Infer::split_rows(Call& call) {
  const std::vector<Variant>& variants = call.route->variants;
  while (call.parts.size() < variants.size()) call.parts.push_back(std::make_unique<Part>());
  if (variants.size() == 1) {
    Part& all = *call.parts.front();
    all.variant = &variants.front();
    all.rows = call.rows;
    call.asked.push_back(&all);
    call.buckets.clear();
    return {};
  }
  lists_.clear();
  for (std::size_t i = 0; i < variants.size(); ++i) {
    call.parts[i]->own_rows.clear();
    lists_.push_back(&call.parts[i]->own_rows);
  }
  Status split = split_.split(*call.route, input_, *call.batch, call.rows, lists_, call.buckets);
  if (!split.ok()) {
    // A control record that names a field which is not there: whoever wrote it writes another, and until then the records wait.
    return Error(Code::model_unavailable, fmt::format("{}: model '{}': {}", settings_.who,
                                                      settings_.model, split.error().message()));
  }
  for (std::size_t i = 0; i < variants.size(); ++i) {
    Part& part = *call.parts[i];
    if (part.own_rows.empty()) continue;
    part.variant = &variants[i];
    part.rows = part.own_rows;
    call.asked.push_back(&part);
  }
  return {};
}

// Asks all variants, which may answer at the same time.
Progress Infer::ask(Call& call) {
  const auto on_answer = [this, &call] {
    if (call.answered() && run_fallback(call)) call.tell();
  };
  call.unanswered.store(call.asked.size() + 1, std::memory_order_relaxed);
  for (Part* part : call.asked) {
    // Never the last one: our own count is still in it.
    if (part->use.run().start(on_answer)) (void)call.answered();
  }
  if (!call.answered()) return Progress::pending;
  return run_fallback(call) ? Progress::done : Progress::pending;
}

bool Infer::wants_fallback(const Call& call) const {
  if (fallback_ == nullptr) return false;
  return std::none_of(call.asked.begin(), call.asked.end(), [](const Part* part) {
    const auto& failure = part->use.run().failure();
    return failure && failure->retry() != Retry::backoff;
  });
}

// After the model: asks the other one for what is missing. In whichever thread the last answer came. True: all is there.
bool Infer::run_fallback(Call& call) {
  if (!wants_fallback(call)) return true;
  auto& missing = call.fallback_rows;
  for (Part* part : call.asked) {
    if (part->use.run().failure()) {
      missing.insert(missing.end(), part->rows.begin(), part->rows.end());
    } else {
      part->use.each_refused([&](std::uint32_t row, const Error&) { missing.push_back(row); });
    }
  }
  std::sort(missing.begin(), missing.end());
  missing.erase(std::unique(missing.begin(), missing.end()), missing.end());
  if (missing.empty()) return true;
  call.fallback.begin(call.fallback_version, *call.batch, missing);
  return call.fallback.run().start([&call] { call.tell(); });
}

Status Infer::result(Batch& batch) {
  Call& call = call_for(batch);
  Status status = finish(call);
  if (observer_ != nullptr && call.early.ok()) {
    tell_observer(call, status.ok());
    // After the answers, so that nothing of the shadow can change them.
    if (status.ok() && call.route != nullptr && call.route->shadow != nullptr)
      offer_to_shadow(call);
  }
  batch.sweep();
  call.end();
  return status;
}

Status Infer::finish(Call& call) {
  Batch& batch = *call.batch;
  if (Status status = verdict(call); !status.ok()) return status;
  call.origins.assign(batch.rows().count(), RowOrigin{});
  if (!call.rows.empty()) {
    for (Part* part : call.asked) place_answers(call, part->use);
    if (!call.fallback_rows.empty()) place_answers(call, call.fallback);
    settle_refused(call);
    stamp(call);
  }
  add_output_columns(batch, outputs_, call.origins, defaults_);
  return {};
}

// Is there a reason not to go on? Nothing of the batch has been changed before this is answered, so that it may be tried again.
Status Infer::verdict(Call& call) const {
  if (!call.early.ok()) return call.early;
  for (Part* part : call.asked) {
    if (Status status = verdict_on(call, *part); !status.ok()) return status;
  }
  if (!call.fallback_rows.empty() && call.fallback.run().failure()) {
    return *call.fallback.run().failure();
  }
  return {};
}

Status Infer::verdict_on(const Call& call, Part& part) const {
  const auto& failure = part.use.run().failure();
  const bool bridged =
      failure && failure->retry() == Retry::backoff &&
      (settings_.on_error == OnError::default_value || !call.fallback_rows.empty());
  if (failure && !bridged) return *failure;
  Status status;
  if (settings_.on_error == OnError::stop) {
    part.use.each_refused([&](std::uint32_t, const Error& error) {
      if (status.ok()) status = error;
    });
  }
  return status;
}

void Infer::place_answers(Call& call, ModelUse& use) const {
  if (use.run().failure()) return;
  for (const InferRun::Piece& piece : use.run().pieces()) {
    for (std::uint32_t i = piece.begin; i < piece.end; ++i) {
      const std::uint32_t row = use.batch_row(use.run().rows()[i]);
      call.origins[row] = {RowOrigin::Kind::call, i - piece.begin, &piece};
      if (&use == &call.fallback) call.batch->mark_fallback(call.record_of(row));
    }
  }
}

void Infer::settle_refused(Call& call) const {
  const auto use_default = [&](std::uint32_t row) {
    call.origins[row].kind = RowOrigin::Kind::defaults;
    call.batch->mark_fallback(call.record_of(row));
  };
  const auto bury = [&](std::uint32_t row, Error& error) {
    call.batch->fail(call.record_of(row), std::move(error).in_stage("infer"));
  };
  if (settings_.on_error == OnError::model) {
    if (!call.fallback_rows.empty()) call.fallback.each_refused(bury);
    return;
  }
  for (Part* part : call.asked) {
    if (settings_.on_error != OnError::default_value) {
      part->use.each_refused(bury);
    } else if (part->use.run().failure()) {
      for (const std::uint32_t row : part->rows) use_default(row);
    } else {
      part->use.each_refused([&](std::uint32_t row, const Error&) { use_default(row); });
    }
  }
}

// Who was asked for which record: the other model for the rows that it was given, a variant for the rest of its own.
void Infer::stamp(Call& call) const {
  Batch& batch = *call.batch;
  const auto add = [&](ModelUse& use, const Variant& variant, const Route& route) {
    const BatchTimes& own = use.run().times();
    BatchTimes& all = batch.times();
    all.features_ns += use.features_ns();
    all.model_ns += own.model_ns;
    all.model_calls += own.model_calls;
    all.model_rows += own.model_rows;
    const ModelVersion& version = *use.bound().version;
    return batch.add_stamp({.model = version.model,
                            .variant = variant.name,
                            .version = version.version,
                            .epoch = route.epoch});
  };
  batch.keep(call.route);
  for (Part* part : call.asked) {
    std::optional<std::size_t> stamp;
    for (const std::uint32_t row : part->rows) {
      if (call.by_fallback(row)) continue;
      if (!stamp) stamp = add(part->use, *part->variant, *call.route);
      batch.mark_seen(*stamp, call.record_of(row));
    }
  }
  if (!call.fallback_rows.empty()) {
    batch.keep(call.fallback_route);
    const std::size_t fallback =
        add(call.fallback, call.fallback_route->variants.front(), *call.fallback_route);
    for (const std::uint32_t row : call.fallback_rows)
      batch.mark_seen(fallback, call.record_of(row));
  }
}

std::string Infer::describe() const {
  std::string text = fmt::format("model '{}':", settings_.model);
  for (const OutputPlan& plan : outputs_) {
    text += plan.name == plan.column ? fmt::format(" {}", plan.name)
                                     : fmt::format(" {} as {}", plan.name, plan.column);
    if (&plan != &outputs_.back()) text += ",";
  }
  return text;
}

}  // namespace thalweg
