// The limiter of librdkafka's log lines.
#include "kafka/log.h"

#include <utility>

#include <spdlog/spdlog.h>

namespace thalweg::kafka {
namespace {

constexpr auto quiet_time = std::chrono::seconds(60);
constexpr std::size_t seen_max = 256;      // texts remembered; beyond that, start over
constexpr std::size_t compared_max = 160;  // characters of a text that count

LogLevel level_of(int syslog_level, std::string_view facility) {
  // A broker that cannot be reached is reported by Health, once, with what to do. The lines about single connections
  // are detail below that; so is an id that a producer did not get yet and asks for again.
  const bool is_detail = facility == "FAIL" || facility == "ERROR" || facility == "GETPID";
  if (is_detail && syslog_level <= 6) return LogLevel::info;
  if (syslog_level <= 3) return LogLevel::error;
  if (syslog_level == 4) return LogLevel::warn;
  if (syslog_level <= 6) return LogLevel::info;
  return LogLevel::debug;
}

std::string without_numbers(std::string_view facility, std::string_view message) {
  std::string key(facility);
  for (char c : message.substr(0, compared_max)) {
    if (c < '0' || c > '9') key.push_back(c);
  }
  return key;
}

}  // namespace

LogSink default_log_sink() {
  return [](LogLevel level, std::string_view message) {
    constexpr spdlog::level::level_enum levels[] = {spdlog::level::debug, spdlog::level::info,
                                                    spdlog::level::warn, spdlog::level::err};
    spdlog::log(levels[static_cast<std::size_t>(level)], "kafka: {}", message);
  };
}

void Log::from_client(int syslog_level, std::string_view facility, std::string_view message) {
  // We give it to producers on purpose (config.cpp).
  if (facility == "CONFWARN" && message.find("allow.auto.create.topics") != message.npos) return;
  const LogLevel level = level_of(syslog_level, facility);
  // "[thrd:main]: text": which of librdkafka's threads it was does not matter to anybody who reads our log.
  if (const std::size_t end = message.find("]: ");
      message.starts_with("[thrd:") && end != message.npos) {
    message.remove_prefix(end + 3);
  }
  std::string text(message);
  if (level != LogLevel::debug) {  // debug lines were asked for by name (`debug: …`): all of them
    const auto now = std::chrono::steady_clock::now();
    const std::scoped_lock lock(mutex_);
    if (seen_.size() >= seen_max) seen_.clear();
    auto [it, fresh] = seen_.try_emplace(without_numbers(facility, message), Seen{now, 0});
    if (!fresh && now - it->second.said < quiet_time) {
      ++it->second.held_back;
      return;
    }
    const int held_back = std::exchange(it->second.held_back, 0);
    it->second.said = now;
    if (held_back > 0) text += " (and " + std::to_string(held_back) + " times more since)";
  }
  sink_(level, text);
}

}  // namespace thalweg::kafka
