// The dead-letter topic and the retry topic on their clusters: read to the end, written to, cut off. Everything blocks; one thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cli/dead_letter.h"
#include "config/pipeline.h"
#include "kafka/admin.h"

namespace thalweg::cli {

// Where records of a topic are deleted: all before this offset.
struct CutOff {
  Partition partition;
  Offset before;
};

class DeadTopics {
 public:
  // Errors: config_invalid, topic_missing (of the dead letters), broker_unreachable.
  [[nodiscard]] static Result<std::unique_ptr<DeadTopics>> open(const PipelineFile& file,
                                                                kafka::Millis timeout);

  [[nodiscard]] const std::string& topic() const noexcept { return topic_; }
  // Hands over every letter that was there when this began; `take` returns false for enough. Returns how many partitions there are.
  [[nodiscard]] Result<int> read(const std::function<bool(DeadLetter&&)>& take);
  // The places (`DeadLetter::place`) of letters that are in the retry topic already.
  [[nodiscard]] Result<std::vector<std::string>> replayed();
  // Sends the letter to the retry topic, with a new timestamp. Waits only for room.
  [[nodiscard]] Status send(const DeadLetter& letter);
  // Until all that was sent is acknowledged. Errors: the first one of a message.
  [[nodiscard]] Status flush();
  [[nodiscard]] Status cut_off(const std::vector<CutOff>& where);

 private:
  struct Outcome final : kafka::ClientContext {
    using ClientContext::ClientContext;
    rd_kafka_resp_err_t failed = RD_KAFKA_RESP_ERR_NO_ERROR;
  };
  DeadTopics(const PipelineFile& file, kafka::Config config, kafka::Millis timeout);
  [[nodiscard]] Status make_producer();
  [[nodiscard]] Result<int> read_topic(kafka::Role cluster, const std::string& topic,
                                       const std::function<bool(DeadLetter&&)>& take);
  static void on_delivery(rd_kafka_t* rk, const rd_kafka_message_t* message, void* opaque);

  std::string pipeline_, topic_, retry_;
  std::int64_t message_bytes_max_;
  kafka::Config config_;
  kafka::Millis timeout_;
  std::unique_ptr<Outcome> outcome_;  // outlives the producer
  kafka::ClientHandle producer_;
};

}  // namespace thalweg::cli
