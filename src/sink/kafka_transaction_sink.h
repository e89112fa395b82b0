// Outputs into Kafka in transactions: one worker's own producer.
//
//   open ─▶ begin ─▶ send … ─▶ commit ─┐
//             ▲        │  ▲            │ failed, or nobody knows
//             │        ▼  └────────────┼───────▶ recover: abort; where that is not possible (fenced, a broken client),
//             └──────────────◀─────────┘         a new producer under the same id, which ends what the old one left
//
// A producer under the same transactional.id fences all earlier ones, so a zombie's transaction is never committed. What the broker
// refuses, or librdkafka gives up on, ends the transaction: it is reported to the listener, and nothing is tried again from here.
//
// Threads: as Transaction and Sink say; only poll() may meet a call that runs on the helper thread.
#pragma once

#include <memory>
#include <mutex>

#include "sink/kafka_sink.h"

namespace thalweg {

class KafkaTransactionSink final : public KafkaSink, public Transaction {
 public:
  // REQUIRES options.transactional_id. Errors: config_invalid, io_failed.
  [[nodiscard]] static Result<std::unique_ptr<KafkaTransactionSink>> make(KafkaSinkOptions options);
  ~KafkaTransactionSink() override;

  std::size_t poll() override;
  // Nothing ends it for good but what recover() says.
  [[nodiscard]] std::optional<Error> fatal() const override { return std::nullopt; }
  [[nodiscard]] Transaction* transaction() noexcept override { return this; }

  [[nodiscard]] Status open() override;
  [[nodiscard]] Status begin() override;
  [[nodiscard]] Status commit(GroupOffsets& offsets) override;
  [[nodiscard]] Status recover() override;

 private:
  explicit KafkaTransactionSink(KafkaSinkOptions options) : KafkaSink(std::move(options)) {}
  void not_delivered(OutputRecord& output, rd_kafka_resp_err_t err, const std::string& words,
                     bool single) override;
  [[nodiscard]] Error failed(const char* what, rd_kafka_error_t* error) const;
  [[nodiscard]] Status abort();
  [[nodiscard]] Status renew();

  std::mutex client_mutex_;   // the client itself: held to use it in poll(), and to make another
  bool initialised_ = false;  // the client may begin transactions
  bool begun_ = false;
  int aborts_tried_ = 0;
};

}  // namespace thalweg
