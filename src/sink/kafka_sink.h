// Outputs into Kafka: one idempotent producer for the whole process.
//
// An output is tried until it is acknowledged by all in-sync replicas, or refused for a reason of its own; there is no time-out. What
// librdkafka gives up on for another reason (a good message in one batch with an invalid one) is sent again from here; when a topic
// refuses a batch for its size, through a second producer that puts one message into a batch. The queue is bounded in bytes: when it
// is full, send() says so, and the pipeline stops draining.
//
// Small payloads are copied, larger ones are sent from where they lie: the port promises that they stay until the delivery is
// reported.
//
// Thread-safe: any worker sends, polls and flushes; a delivery is reported on whichever thread polls.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "thalweg/ports.h"

#include "kafka/admin.h"
#include "kafka/client.h"
#include "sink/refusal_words.h"

namespace thalweg {

struct ProducerEnds;

struct KafkaSinkOptions {
  kafka::Config kafka;
  std::string client_id = "thalweg";
  std::uint64_t value_bytes_max = std::uint64_t{16} << 20;  // of the input: outputs are as large
  std::optional<kafka::TopicSpec> create_missing;  // none: a topic that is missing is an error
  std::chrono::milliseconds topic_timeout{10000};  // for looking at, or creating, one topic
  // A producer with transactions, known to the brokers by this name; empty: without (KafkaTransactionSink sets it).
  std::string transactional_id;
  std::chrono::milliseconds transaction_timeout{10000};
  std::stop_token stop;  // ends waiting for the brokers' first answer
  kafka::LogSink log;    // none: spdlog
};

class KafkaSink : public Sink, protected kafka::ClientContext {
 public:
  // Connects nothing yet. Errors: config_invalid, io_failed.
  [[nodiscard]] static Result<std::unique_ptr<KafkaSink>> make(KafkaSinkOptions options);
  // What was not acknowledged is reported as `stopped`. REQUIRES that listeners and batches still live.
  ~KafkaSink() override;

  // Looks whether the topic exists, creates it if it may. Also broker_unreachable, when no broker answered in time: call it again.
  [[nodiscard]] Result<std::uint16_t> add_target(const std::string& topic) override;
  // A creation of its own for one topic, before its add_target.
  void allow_creation(const kafka::TopicSpec& spec);
  [[nodiscard]] Status send(OutputRecord& output) override;
  std::size_t poll() override;
  [[nodiscard]] int fd() const noexcept override { return eventfd_; }
  [[nodiscard]] Status flush(std::chrono::milliseconds timeout) override;
  [[nodiscard]] std::size_t queued_bytes() const noexcept override {
    return queued_bytes_.load(std::memory_order_relaxed);
  }
  void abandon() override;
  [[nodiscard]] std::optional<Error> fatal() const override;

  // For tests.
  [[nodiscard]] rd_kafka_t* client() noexcept { return client_.get(); }

 protected:
  explicit KafkaSink(KafkaSinkOptions options);
  [[nodiscard]] Status open();
  // Makes the client, and handles for the targets that there are. REQUIRES that there is none.
  [[nodiscard]] Status connect();
  // Reports all that was not acknowledged, and lets the client go.
  void disconnect();
  // Anything but an acknowledgement; the bytes are counted off already.
  virtual void not_delivered(OutputRecord& output, rd_kafka_resp_err_t err,
                             const std::string& words, bool single);
  [[nodiscard]] const char* topic_of(const OutputRecord& output) const;
  void tell(OutputRecord& output, const Error* failure);
  [[nodiscard]] const KafkaSinkOptions& options() const noexcept { return options_; }

 private:
  struct Again {
    OutputRecord* output;
    std::chrono::steady_clock::time_point due;
  };
  static constexpr std::size_t targets_max = 1024;

  [[nodiscard]] Status find_or_create(const std::string& topic);
  [[nodiscard]] bool is_mock() const;
  [[nodiscard]] Status check_limits(const std::string& topic);
  void ask_for_producer_id(const std::string& topic);
  [[nodiscard]] ProducerEnds producer_ends() noexcept;
  [[nodiscard]] rd_kafka_resp_err_t produce(OutputRecord& output);
  static void on_delivery(rd_kafka_t* rk, const rd_kafka_message_t* message, void* opaque);
  void delivered(OutputRecord& output, rd_kafka_resp_err_t err, bool single);
  void again(OutputRecord& output, std::chrono::milliseconds wait);
  [[nodiscard]] bool go_single(const OutputRecord& output);
  [[nodiscard]] std::int64_t limit_bytes() const;
  void send_again();
  void tell_outage();

  KafkaSinkOptions options_;
  std::vector<kafka::TopicSpec> creations_;
  RefusalWords refusal_words_;  // outlives the clients
  kafka::ClientHandle client_;
  // Made when it is first needed. The atomic is for those who only use it.
  std::mutex single_mutex_;
  kafka::ClientHandle single_owner_;
  std::atomic<rd_kafka_t*> single_{nullptr};
  int eventfd_ = -1;
  std::size_t batch_bytes_ = 0;

  // A target is published by add_target's return; send() only reads it.
  std::mutex targets_mutex_;
  bool settings_hidden_ = false;  // the broker does not tell us topics' settings: not asked again
  std::vector<std::string> target_names_;
  std::array<kafka::TopicHandle, targets_max> targets_;
  std::array<std::atomic<bool>, targets_max> single_targets_{};

  std::atomic<std::size_t> queued_bytes_{0};
  std::mutex again_mutex_;
  std::vector<Again> again_;
  std::atomic<std::size_t> again_count_{0};
};

}  // namespace thalweg
