// Outputs in memory, for tests: everything sent is kept, and the test decides when and how it is acknowledged.
//
//   MemorySink sink;                 // acknowledges at the next poll()
//   sink.cork();                     // … not any more: outputs wait
//   sink.acknowledge(1);             // the oldest one
//   sink.uncork();
//   sink.fail_if([](const SentRecord& r) -> std::optional<Error> { … });   // the broker's word
//   sink.refuse_if(…);               // the client's word, from send()
//   sink.capacity(4);                // send() says queue_full when so many wait
//
// Thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "thalweg/ports.h"

namespace thalweg {

// A copy of what was sent.
struct SentRecord {
  std::string topic;
  bool dead_letter = false;
  std::optional<std::string> key;
  std::optional<std::string> value;
  Timestamp timestamp;
  std::vector<std::pair<std::string, std::optional<std::string>>> headers;  // the input's first

  // The value of the last header of that name.
  [[nodiscard]] std::optional<std::string> header(std::string_view name) const;
};

[[nodiscard]] SentRecord copy_of(const OutputRecord& output, const std::string& topic);

class MemorySink final : public Sink {
 public:
  using Judge = std::function<std::optional<Error>(const SentRecord&)>;

  MemorySink();
  ~MemorySink() override;
  MemorySink(const MemorySink&) = delete;
  MemorySink& operator=(const MemorySink&) = delete;

  // --- what the test plays ---
  void cork();
  void uncork();
  // Acknowledges the oldest waiting outputs although corked; returns how many there were.
  std::size_t acknowledge(std::size_t count);
  void fail_if(Judge judge);
  void refuse_if(Judge judge);
  void capacity(std::size_t outputs);
  void fail_for_good(Error error);
  void missing_topic(std::string topic);
  [[nodiscard]] std::vector<SentRecord> sent() const;          // in the order of send()
  [[nodiscard]] std::vector<SentRecord> acknowledged() const;  // without those that failed
  [[nodiscard]] std::size_t acknowledged_count() const;
  [[nodiscard]] std::vector<SentRecord> acknowledged(const std::string& topic) const;
  [[nodiscard]] std::size_t waiting() const;

  [[nodiscard]] Result<std::uint16_t> add_target(const std::string& topic) override;
  [[nodiscard]] Status send(OutputRecord& output) override;
  std::size_t poll() override;
  [[nodiscard]] int fd() const noexcept override { return eventfd_; }
  [[nodiscard]] Status flush(std::chrono::milliseconds timeout) override;
  [[nodiscard]] std::size_t queued_bytes() const noexcept override;
  void abandon() override;
  [[nodiscard]] std::optional<Error> fatal() const override;

 private:
  struct Waiting {
    OutputRecord* output;
    SentRecord record;
  };
  std::size_t deliver(std::size_t count);
  void signal() noexcept;

  mutable std::mutex mutex_;
  int eventfd_ = -1;
  std::vector<std::string> targets_;
  std::vector<std::string> missing_;
  std::deque<Waiting> waiting_;
  std::vector<SentRecord> sent_;
  std::vector<SentRecord> acknowledged_;
  Judge fail_;
  Judge refuse_;
  std::size_t capacity_ = SIZE_MAX;
  std::size_t queued_bytes_ = 0;
  bool corked_ = false;
  std::optional<Error> fatal_;
};

}  // namespace thalweg
