// The calls of one model for the rows of one batch, with the search for rows that make it fail.
//
//   rows ─▶ calls of at most rows_per_call rows, each of rows whose lists are equally long: no row's answer may depend on
//           which others came with it, and padding is seen by a model that was not told of it
//             ok                    its outputs are a piece of the result
//             invalid_model_input   the fault is in the input: halve, until the rows that fail ALONE are found
//             model_failed          first ask with a row that is known to be good (or zeros). If that fails too, the model is
//                                   broken: give up with the error, no row is to blame. If it passes: halve as above, and
//                                   a row that fails alone is to blame only if the good row still passes after it
//             anything else         give up with the error
//
// So k guilty rows among n cost O(k log n) calls, and the outputs of all others come from the calls made on the way.
//
// The model may answer inside submit or later from another thread; the search goes on in the thread that answers. Between
// start() and `finished` nobody else may touch the run, nor the columns it reads.
#pragma once

#include <atomic>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "thalweg/ports.h"

#include "process/infer/infer_binding.h"
#include "process/infer/infer_inputs.h"

namespace thalweg {

class InferRun {
 public:
  // What one call gave: outputs for rows()[begin .. end).
  struct Piece {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
    std::uint32_t fed = 1;  // rows in the tensors; a fixed batch holds more than were wanted
    std::vector<Tensor> outputs;
  };

  // REQUIRES that version, binding and sources stay until the run is finished. `sources`: one column per input.
  void prepare(const ModelVersion& version, const ModelBinding& binding,
               std::span<const Column* const> sources);
  // The rows to ask for, ascending; filled by the caller between prepare and start, which may put them in another order.
  [[nodiscard]] std::vector<std::uint32_t>& rows() noexcept { return rows_; }
  // True: finished inside the call. False: `finished` will be called, from any thread.
  [[nodiscard]] bool start(std::function<void()> finished);

  // After it has finished.
  [[nodiscard]] std::span<const Piece> pieces() const noexcept {
    return {pieces_.data(), piece_count_};
  }
  [[nodiscard]] std::vector<RowFailure>& guilty() noexcept { return guilty_; }
  [[nodiscard]] const std::optional<Error>& failure() const noexcept { return failure_; }
  [[nodiscard]] const BatchTimes& times() const noexcept { return times_; }
  // Lets go of the outputs' memory.
  void clear() noexcept;

 private:
  struct Segment {
    std::uint32_t begin;
    std::uint32_t end;
    [[nodiscard]] std::uint32_t size() const noexcept { return end - begin; }
  };
  enum class Call : std::uint8_t { rows, probe };
  // Who goes on when an answer and the return from submit meet: the later one.
  enum class Handoff : std::uint8_t { submitting, answered, waiting };

  [[nodiscard]] bool pump();
  void submit(Call call, std::span<const Column* const> sources,
              std::span<const std::uint32_t> rows);
  void answered(InferenceResult result);
  void take_answer();
  void rows_ok(std::vector<Tensor> outputs);
  void rows_failed(Error error);
  void probe_answered(bool passed);
  void blame(std::uint32_t at, Error error);
  void split(Segment segment);
  void push_calls();
  [[nodiscard]] std::strong_ordering by_lengths(std::uint32_t a, std::uint32_t b) const;
  [[nodiscard]] bool groups_by_length() const;
  void remember_good_row(std::uint32_t row);
  [[nodiscard]] std::span<const Column* const> probe_sources();

  const ModelVersion* version_ = nullptr;
  const ModelBinding* binding_ = nullptr;
  std::vector<const Column*> sources_;
  std::vector<std::uint32_t> rows_;
  std::function<void()> finished_;

  std::vector<Segment> queue_;  // next one last
  Segment current_{0, 0};
  Call call_ = Call::rows;
  bool probe_wanted_ = false;
  bool alive_ = false;              // the model answered well since this batch began
  std::optional<Error> suspicion_;  // the failure that the probe is to judge
  std::optional<InferenceResult> answer_;
  std::atomic<Handoff> handoff_{Handoff::submitting};
  std::int64_t submitted_ns_ = 0;

  InputGather gather_;
  InferenceRequest request_;
  std::size_t fed_ = 0;

  // One row that passed (zeros until there was one), kept for probes; its strings live in its own arena.
  bool good_is_zeros_ = true;
  std::vector<Column> good_;
  std::vector<const Column*> good_pointers_;
  Arena good_strings_;

  std::vector<Piece> pieces_;  // the first piece_count_ are in use
  std::size_t piece_count_ = 0;
  std::vector<RowFailure> guilty_;
  std::optional<Error> failure_;
  BatchTimes times_;
};

}  // namespace thalweg
