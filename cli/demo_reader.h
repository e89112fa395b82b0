// Reads what a pipeline writes, as a consumer that belongs to no group.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "thalweg/error.h"

#include "kafka/client.h"
#include "kafka/config.h"

namespace thalweg::cli {

struct DemoRecord {
  std::string_view topic;
  std::optional<std::string_view> value;
  // The record's headers, as far as a demo wants them.
  std::string_view dead_code;
  std::string_view dead_message;
};

class DemoReader {
 public:
  // Reads the topics from where they end now. They must exist. Errors: config_invalid, broker_unreachable.
  [[nodiscard]] static Result<std::unique_ptr<DemoReader>> make(
      const kafka::Config& config, const std::vector<std::string>& topics);
  ~DemoReader();

  // Hands over what has arrived, waiting for the first record up to the time given; returns how many.
  std::size_t read(std::chrono::milliseconds wait,
                   const std::function<void(const DemoRecord&)>& take);

 private:
  DemoReader() : context_("demo", [](kafka::LogLevel, std::string_view) {}) {}
  [[nodiscard]] Status assign(const kafka::Config& config, const std::vector<std::string>& topics);

  kafka::ClientContext context_;
  kafka::ClientHandle client_;
};

}  // namespace thalweg::cli
