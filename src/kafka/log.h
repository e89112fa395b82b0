// What librdkafka has to say, in our log: mapped to levels, and each thing said once a minute at most.
//
// librdkafka repeats itself (a broker that is away fails at every reconnect, with other milliseconds each time), and does so
// from its own threads. The limiter compares texts without their numbers.
//
// Thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace thalweg::kafka {

enum class LogLevel : std::uint8_t { debug, info, warn, error };

// Where log lines go. Called from any thread.
using LogSink = std::function<void(LogLevel level, std::string_view message)>;

// spdlog's default logger, each line with "kafka: " in front.
[[nodiscard]] LogSink default_log_sink();

class Log {
 public:
  explicit Log(LogSink sink) : sink_(sink ? std::move(sink) : default_log_sink()) {}

  // One line of ours: always written.
  void say(LogLevel level, std::string_view message) const { sink_(level, message); }
  // One line of librdkafka's: `syslog_level` 0..7, `facility` as "FAIL".
  void from_client(int syslog_level, std::string_view facility, std::string_view message);

 private:
  struct Seen {
    std::chrono::steady_clock::time_point said;
    int held_back = 0;
  };
  LogSink sink_;
  std::mutex mutex_;
  std::unordered_map<std::string, Seen> seen_;  // by facility and text without numbers
};

}  // namespace thalweg::kafka
