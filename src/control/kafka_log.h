// Control records in a compacted topic of one partition; the history in a topic that is not compacted.
//
// Two clients: a consumer that is a member of no group and reads everything, and a producer that waits for all replicas. An entry's
// offset in the one partition is its epoch, so every process sees the same epochs in the same order.
#pragma once

#include <memory>
#include <mutex>
#include <stop_token>
#include <string>

#include "control/log.h"
#include "kafka/admin.h"
#include "kafka/client.h"

namespace thalweg::control {

struct KafkaLogOptions {
  kafka::Config kafka;
  std::string topic;
  std::string audit_topic;  // empty: no history
  std::string client_id;
  // May make the topics that are missing; partitions and cleanup.policy are ours.
  std::optional<kafka::TopicSpec> create_missing;
  std::chrono::milliseconds timeout{10000};  // of each question, and of an acknowledgement
  std::stop_token stop;
  kafka::LogSink log;
};

class KafkaLog final : public ControlLog {
 public:
  explicit KafkaLog(KafkaLogOptions options);
  ~KafkaLog() override;

  Status open() override;
  Result<std::vector<LogEntry>> read_to_end() override;
  Result<std::vector<LogEntry>> follow(std::chrono::milliseconds at_most) override;
  Result<std::int64_t> append(const std::string& key,
                              const std::optional<std::string>& value) override;
  Status post(const std::string& key, const std::optional<std::string>& value) override;
  Status audit(const std::string& key, const std::string& value) override;
  [[nodiscard]] bool shared() const noexcept override { return true; }
  [[nodiscard]] std::string where() const override;

 private:
  struct Acknowledged;
  [[nodiscard]] Status find_topic(rd_kafka_t* client, const std::string& topic, bool compacted);
  [[nodiscard]] Status check_audit(rd_kafka_t* client, const std::string& topic) const;
  [[nodiscard]] Status make_consumer();
  [[nodiscard]] Status make_producer();
  [[nodiscard]] Status send(const std::string& topic, const std::string& key,
                            const std::optional<std::string>& value, void* opaque);
  [[nodiscard]] Result<std::int64_t> send_and_wait(const std::string& topic, const std::string& key,
                                                   const std::optional<std::string>& value);
  // One message, or none within the time. `ended`: the end was reached.
  [[nodiscard]] Status poll(std::chrono::milliseconds at_most, std::vector<LogEntry>& entries,
                            bool& ended);
  static void on_delivery(rd_kafka_t* rk, const rd_kafka_message_t* message, void* opaque);

  const KafkaLogOptions options_;
  std::unique_ptr<kafka::ClientContext> reading_, writing_;  // outlive their clients
  kafka::ClientHandle consumer_, producer_;
  std::int64_t next_ = 0;  // position of the consumer
};

}  // namespace thalweg::control
