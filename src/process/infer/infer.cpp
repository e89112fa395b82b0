// The way of a batch through the infer step. Building the step is in infer_make.cpp.
#include "process/infer/infer.h"

#include <algorithm>

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
  call.primary.begin(call.primary_version, batch, call.rows);
  const auto on_answer = [this, &call] {
    if (run_fallback(call)) call.tell();
  };
  if (!call.primary.run().start(on_answer)) return Progress::pending;
  return run_fallback(call) ? Progress::done : Progress::pending;
}

Status Infer::take_versions(Call& call) {
  auto primary = primary_->take();
  if (!primary) return std::move(primary).error();
  call.primary_version = std::move(primary).value();
  if (fallback_ == nullptr) return {};
  // Also at the start, and here: the slot belongs to the worker's thread, and answers may come on another.
  auto fallback = fallback_->take();
  if (!fallback) return std::move(fallback).error();
  call.fallback_version = std::move(fallback).value();
  return {};
}

// After the model: asks the other one for what is missing. In whichever thread the answer came. True: all is there.
bool Infer::run_fallback(Call& call) {
  if (fallback_ == nullptr) return true;
  const auto& failure = call.primary.run().failure();
  if (failure && failure->retry() != Retry::backoff) return true;
  if (failure) {
    call.fallback_rows = call.rows;
  } else {
    call.primary.each_refused(
        [&](std::uint32_t row, const Error&) { call.fallback_rows.push_back(row); });
    std::sort(call.fallback_rows.begin(), call.fallback_rows.end());
    call.fallback_rows.erase(std::unique(call.fallback_rows.begin(), call.fallback_rows.end()),
                             call.fallback_rows.end());
  }
  if (call.fallback_rows.empty()) return true;
  call.fallback.begin(call.fallback_version, *call.batch, call.fallback_rows);
  return call.fallback.run().start([&call] { call.tell(); });
}

Status Infer::result(Batch& batch) {
  Call& call = call_for(batch);
  Status status = finish(call);
  call.end();
  return status;
}

Status Infer::finish(Call& call) {
  Batch& batch = *call.batch;
  if (Status status = verdict(call); !status.ok()) return status;
  call.origins.assign(batch.rows().count(), RowOrigin{});
  if (!call.rows.empty()) {
    place_answers(call, call.primary);
    if (!call.fallback_rows.empty()) place_answers(call, call.fallback);
    settle_refused(call);
    stamp(call);
  }
  add_output_columns(batch, outputs_, call.origins, defaults_);
  batch.sweep();
  return {};
}

// Is there a reason not to go on? Nothing of the batch has been changed before this is answered, so that it may be tried again.
Status Infer::verdict(Call& call) const {
  if (!call.early.ok()) return call.early;
  if (call.rows.empty()) return {};
  const auto& failure = call.primary.run().failure();
  const bool bridged =
      failure && failure->retry() == Retry::backoff &&
      (settings_.on_error == OnError::default_value || !call.fallback_rows.empty());
  if (failure && !bridged) return *failure;
  if (!call.fallback_rows.empty() && call.fallback.run().failure()) {
    return *call.fallback.run().failure();
  }
  Status status;
  if (settings_.on_error == OnError::stop) {
    call.primary.each_refused([&](std::uint32_t, const Error& error) {
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
  if (settings_.on_error == OnError::default_value) {
    if (call.primary.run().failure()) {
      for (const std::uint32_t row : call.rows) use_default(row);
    } else {
      call.primary.each_refused([&](std::uint32_t row, const Error&) { use_default(row); });
    }
  } else if (settings_.on_error == OnError::model) {
    if (!call.fallback_rows.empty()) call.fallback.each_refused(bury);
  } else {
    call.primary.each_refused(bury);
  }
}

// Who was asked for which record: the other model for the rows that it was given, this one for the rest.
void Infer::stamp(Call& call) const {
  Batch& batch = *call.batch;
  const auto add = [&](ModelUse& use) {
    const BatchTimes& own = use.run().times();
    BatchTimes& all = batch.times();
    all.features_ns += use.features_ns();
    all.model_ns += own.model_ns;
    all.model_calls += own.model_calls;
    all.model_rows += own.model_rows;
    const ModelVersion& version = *use.bound().version;
    batch.keep(use.bound().version);
    ModelStamp stamp;
    stamp.model = version.model;
    stamp.version = version.version;
    return batch.add_stamp(stamp);
  };
  if (call.fallback_rows.size() < call.rows.size()) {
    const std::size_t primary = add(call.primary);
    auto other = call.fallback_rows.begin();  // both lists are ascending
    for (const std::uint32_t row : call.rows) {
      if (other != call.fallback_rows.end() && *other == row) {
        ++other;
      } else {
        batch.mark_seen(primary, call.record_of(row));
      }
    }
  }
  if (!call.fallback_rows.empty()) {
    const std::size_t fallback = add(call.fallback);
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
