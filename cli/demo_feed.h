// Sends sample lines to a topic, at a steady rate, from a thread of its own.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "thalweg/error.h"

#include "kafka/client.h"
#include "kafka/config.h"

namespace thalweg::cli {

class DemoFeed {
 public:
  // `rate` in records a second; 0: as fast as it goes. Errors: config_invalid.
  [[nodiscard]] static Result<std::unique_ptr<DemoFeed>> make(const kafka::Config& config,
                                                              std::string topic,
                                                              std::vector<std::string> lines,
                                                              double rate);
  ~DemoFeed();  // stops, whether all is sent or not

  void start();
  [[nodiscard]] std::uint64_t sent() const noexcept { return sent_.load(); }
  // The first line that was not delivered.
  [[nodiscard]] std::optional<Error> failure() const;

 private:
  DemoFeed(std::string topic, std::vector<std::string> lines, double rate);
  void run();
  [[nodiscard]] bool send(const std::string& line);
  void fail(const std::string& why);
  static void on_delivery(rd_kafka_t* rk, const rd_kafka_message_t* message, void* opaque);

  // What librdkafka's callbacks reach.
  struct Context final : kafka::ClientContext {
    explicit Context(DemoFeed& owner)
        : ClientContext("demo", [](kafka::LogLevel, std::string_view) {}), feed(owner) {}
    DemoFeed& feed;
  };
  Context context_;
  kafka::ClientHandle client_;
  const std::string topic_;
  const std::vector<std::string> lines_;
  const double rate_;
  std::atomic<std::uint64_t> sent_{0};
  std::atomic<bool> stop_{false};
  mutable std::mutex mutex_;
  std::optional<Error> failure_;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace thalweg::cli
