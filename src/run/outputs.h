// The end of the chain: live rows become output records, with key, headers and the `thalweg` header.
//
// The `thalweg` header is API (docs/output-header.md): comma-separated `name=value`, of which id is always there, and
// model, version, variant, epoch for each infer step, fallback=1 when an output was made by a fallback.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "thalweg/batch.h"
#include "thalweg/ports.h"

#include "monitor/inference_log.h"
#include "process/condition.h"

namespace thalweg {

inline constexpr std::string_view output_header_name = "thalweg";

// One entry of `to:`.
struct Output {
  std::string topic;
  std::uint16_t target = 0;  // Sink::add_target's number
  std::unique_ptr<Encoder> value;
  std::optional<Condition> when;
  std::unique_ptr<Encoder> key;  // null: the input's key
  bool without_key = false;
  bool carry_headers = true;
};

class OutputStage {
 public:
  void add(Output output) { outputs_.push_back(std::move(output)); }
  [[nodiscard]] std::vector<Output>& outputs() noexcept { return outputs_; }
  [[nodiscard]] const std::vector<Output>& outputs() const noexcept { return outputs_; }

  // Fills batch.outputs() from the live rows, and settles every pending record: forwarded if at least one output is written for it,
  // filtered if none is (every `when` said no). Records that cannot be encoded are dead, without outputs. Null values
  // that `on_null: forward` let through become tombstones of every output without `when`.
  void encode(Batch& batch);

  // Adds to the outputs of each batch; has no say in what becomes of its records.
  void log_to(std::unique_ptr<monitor::InferenceLog> log) { log_ = std::move(log); }
  [[nodiscard]] monitor::InferenceLog* log() noexcept { return log_.get(); }

 private:
  void encode_one(const Output& output, Batch& batch) const;
  void encode_row(const Output& output, Batch& batch, std::uint32_t row) const;

  std::vector<Output> outputs_;
  std::unique_ptr<monitor::InferenceLog> log_;  // null: none
};

// The headers of one output: the input's, without an older `thalweg` one, then ours. Memory comes from the batch's arena.
void write_headers(Batch& batch, std::size_t record, bool carry, OutputRecord& output);

}  // namespace thalweg
