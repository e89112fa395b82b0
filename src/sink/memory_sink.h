// A sink in memory: keeps what was written, and can be slow, full or unwilling when a test says so.
//
// Not thread-safe but for what the test's own thread does; outputs are acknowledged by poll(), unless corked.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "thalweg/ports.h"

namespace thalweg {

struct WrittenRecord {
  std::string topic;
  std::optional<std::string> key;
  std::optional<std::string> value;
  std::vector<std::pair<std::string, std::string>> headers;
  Timestamp timestamp;
  bool dead_letter = false;
};

class MemorySink final : public Sink {
 public:
  // --- the script --------------------------------------------------------------------------------------------
  // Corked: outputs are taken but not acknowledged.
  void cork(bool corked) { corked_ = corked; }
  // At most this many outputs wait for their acknowledgement; more are queue_full.
  void limit_queue(std::size_t outputs) { queue_max_ = outputs; }
  // Asked for each output when it is acknowledged; an error is its delivery report.
  void refuse_delivery(std::function<std::optional<Error>(const OutputRecord&)> refuse) { refuse_delivery_ = std::move(refuse); }
  // Asked for each output when it is sent; an error is send()'s answer.
  void refuse_send(std::function<std::optional<Error>(const OutputRecord&)> refuse) { refuse_send_ = std::move(refuse); }
  void fail_for_good(Error error) { fatal_ = std::move(error); }

  // What was acknowledged, in order.
  [[nodiscard]] std::vector<WrittenRecord>& written() noexcept { return written_; }

  // --- Sink --------------------------------------------------------------------------------------------------
  [[nodiscard]] Result<std::uint16_t> add_target(const std::string& topic) override;
  [[nodiscard]] Status send(OutputRecord& output) override;
  std::size_t poll() override;
  [[nodiscard]] int fd() const noexcept override { return -1; }
  [[nodiscard]] Status flush(std::chrono::milliseconds timeout) override;
  [[nodiscard]] std::size_t queued_bytes() const noexcept override { return queued_bytes_; }
  [[nodiscard]] std::optional<Error> fatal() const override { return fatal_; }

 private:
  void write(const OutputRecord& output);
  std::vector<std::string> targets_;
  std::deque<OutputRecord*> queued_;
  std::size_t queued_bytes_ = 0;
  std::size_t queue_max_ = std::size_t{1} << 30;
  bool corked_ = false;
  std::function<std::optional<Error>(const OutputRecord&)> refuse_delivery_;
  std::function<std::optional<Error>(const OutputRecord&)> refuse_send_;
  std::optional<Error> fatal_;
  std::vector<WrittenRecord> written_;
};

}  // namespace thalweg
