// The calls of a batch and the search for guilty rows, as a state machine that may continue in any thread.
#include "process/infer/infer_run.h"

#include <algorithm>
#include <cassert>
#include <chrono>

#include <fmt/format.h>

#include "process/infer/infer_outputs.h"

namespace thalweg {
namespace {

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

constexpr std::uint32_t kFirstRow[] = {0};

}  // namespace

void InferRun::prepare(const ModelVersion& version, const ModelBinding& binding,
                       std::span<const Column* const> sources) {
  if (binding_ != &binding) good_.clear();
  version_ = &version;
  binding_ = &binding;
  sources_.assign(sources.begin(), sources.end());
  rows_.clear();
  queue_.clear();
  guilty_.clear();
  failure_.reset();
  suspicion_.reset();
  probe_wanted_ = false;
  alive_ = false;
  times_ = {};
  clear();
}

void InferRun::clear() noexcept {
  for (std::size_t i = 0; i < piece_count_; ++i) pieces_[i].outputs.clear();
  piece_count_ = 0;
  answer_.reset();
}

bool InferRun::start(std::function<void()> finished) {
  finished_ = std::move(finished);
  push_calls();
  return pump();
}

bool InferRun::groups_by_length() const {
  return std::any_of(binding_->inputs.begin(), binding_->inputs.end(),
                     [](const InputPlan& plan) { return plan.ragged && !plan.padded; });
}

std::strong_ordering InferRun::by_lengths(std::uint32_t a, std::uint32_t b) const {
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    const InputPlan& plan = binding_->inputs[i];
    if (!plan.ragged || plan.padded) continue;
    const auto order = steps_of(*sources_[i], a) <=> steps_of(*sources_[i], b);
    if (order != 0) return order;
  }
  return std::strong_ordering::equal;
}

void InferRun::push_calls() {
  const auto total = static_cast<std::uint32_t>(rows_.size());
  const auto most =
      static_cast<std::uint32_t>(std::min<std::size_t>(rows_per_call(*version_), total));
  const bool grouped = groups_by_length();
  if (grouped) {
    std::sort(rows_.begin(), rows_.end(), [this](std::uint32_t a, std::uint32_t b) {
      const auto order = by_lengths(a, b);
      return order != 0 ? order < 0 : a < b;
    });
  }
  for (std::uint32_t begin = 0; begin < total;) {
    std::uint32_t end = std::min(total, begin + most);
    if (grouped) {
      end = begin + 1;
      while (end < total && end - begin < most && by_lengths(rows_[begin], rows_[end]) == 0) ++end;
    }
    queue_.push_back({begin, end});
    begin = end;
  }
  std::reverse(queue_.begin(), queue_.end());  // taken from the back
}

// True: nothing is left to ask. False: an answer is awaited, and whoever brings it goes on.
bool InferRun::pump() {
  for (;;) {
    if (answer_) take_answer();
    if (failure_) return true;
    if (probe_wanted_) {
      probe_wanted_ = false;
      submit(Call::probe, probe_sources(), kFirstRow);
    } else if (!queue_.empty()) {
      current_ = queue_.back();
      queue_.pop_back();
      submit(Call::rows, sources_, std::span(rows_).subspan(current_.begin, current_.size()));
    } else {
      return true;
    }
    // From here on the answering thread owns the run, unless the answer is here already.
    if (handoff_.exchange(Handoff::waiting, std::memory_order_acq_rel) != Handoff::answered)
      return false;
  }
}

void InferRun::submit(Call call, std::span<const Column* const> sources,
                      std::span<const std::uint32_t> rows) {
  call_ = call;
  fed_ = version_->batch_dim == BatchDim::fixed ? static_cast<std::size_t>(version_->fixed_rows)
                                                : rows.size();
  gather_.build(*binding_, version_->batch_dim, sources, rows, fed_, request_);
  request_.outputs.clear();
  for (const OutputPlan& plan : binding_->outputs) request_.outputs.push_back(plan.output);
  ++times_.model_calls;
  times_.model_rows += static_cast<std::uint32_t>(rows.size());
  handoff_.store(Handoff::submitting, std::memory_order_relaxed);
  submitted_ns_ = now_ns();
  version_->loaded->submit(version_->signature, request_,
                           [this](InferenceResult result) { answered(std::move(result)); });
}

void InferRun::answered(InferenceResult result) {
  times_.model_ns += now_ns() - submitted_ns_;
  answer_.emplace(std::move(result));
  if (handoff_.exchange(Handoff::answered, std::memory_order_acq_rel) != Handoff::waiting) return;
  if (!pump()) return;
  // Once told, the worker may begin the next batch with this run: nothing of it may be used after the call.
  const std::function<void()> finished = std::move(finished_);
  finished();
}

void InferRun::take_answer() {
  InferenceResult answer = std::move(*answer_);
  answer_.reset();
  if (call_ == Call::probe) {
    probe_answered(answer.ok());
  } else if (answer.ok()) {
    rows_ok(std::move(answer).value());
  } else {
    rows_failed(std::move(answer).error());
  }
}

void InferRun::rows_ok(std::vector<Tensor> outputs) {
  Status fit = check_outputs(*version_, *binding_, outputs, fed_);
  if (!fit.ok()) {
    failure_ = std::move(fit).error();
    return;
  }
  alive_ = true;
  remember_good_row(rows_[current_.begin]);
  if (piece_count_ == pieces_.size()) pieces_.emplace_back();
  Piece& piece = pieces_[piece_count_++];
  piece.begin = current_.begin;
  piece.end = current_.end;
  piece.fed = static_cast<std::uint32_t>(fed_);
  piece.outputs = std::move(outputs);
}

void InferRun::rows_failed(Error error) {
  const bool alone = current_.size() == 1;
  if (error.code() == Code::invalid_model_input) {
    if (alone) {
      blame(current_.begin, std::move(error));
    } else {
      split(current_);
    }
  } else if (error.code() != Code::model_failed) {
    failure_ = std::move(error).at(fmt::format("model '{}'", version_->model));
  } else if (!alone && alive_) {
    split(current_);
  } else {
    suspicion_ = std::move(error);
    probe_wanted_ = true;
  }
}

void InferRun::probe_answered(bool passed) {
  Error error = std::move(*suspicion_);
  suspicion_.reset();
  if (!passed) {
    failure_ = std::move(error).at(
        fmt::format("model '{}' version {}", version_->model, version_->version));
    return;
  }
  alive_ = true;
  if (current_.size() == 1) {
    blame(current_.begin, std::move(error));
  } else {
    split(current_);
  }
}

void InferRun::blame(std::uint32_t at, Error error) {
  guilty_.push_back(
      {rows_[at], Error(Code::invalid_model_input,
                        fmt::format("infer: model '{}' version {} refuses this row: {}",
                                    version_->model, version_->version, error.message()))});
}

void InferRun::split(Segment segment) {
  const std::uint32_t middle = segment.begin + segment.size() / 2;
  queue_.push_back({middle, segment.end});
  queue_.push_back({segment.begin, middle});
}

void InferRun::remember_good_row(std::uint32_t row) {
  if (!good_.empty() && !good_is_zeros_) return;
  good_.clear();
  good_strings_.reset();
  for (const Column* source : sources_) {
    Column& copy = good_.emplace_back(source->type());
    if (source->type().dtype != DType::string) {
      copy.append_from(*source, row);
      continue;
    }
    for (const std::string_view text : source->string_row(row)) {
      copy.push_string(good_strings_.copy(text));
    }
    copy.end_row();
  }
  good_is_zeros_ = false;
}

std::span<const Column* const> InferRun::probe_sources() {
  if (good_.empty()) {
    for (const Column* source : sources_) good_.emplace_back(source->type()).append_zero_row();
    good_is_zeros_ = true;
  }
  good_pointers_.clear();
  for (const Column& column : good_) good_pointers_.push_back(&column);
  return good_pointers_;
}

}  // namespace thalweg
