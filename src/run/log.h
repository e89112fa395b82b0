// Structured logs: one line per event that matters, to standard error.
//
// On a terminal a line is for people (`12:00:01 info  tweets: joined, 2 partitions`), elsewhere it is one JSON object with
// ts, level, event, message and the event's fields. Any thread.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "thalweg/error.h"

namespace thalweg {

enum class LogLevel : std::uint8_t { debug, info, warning, error };
enum class LogFormat : std::uint8_t { automatic, human, json };

// A number is one in the JSON too, without quotes.
struct LogValue {
  LogValue(std::string t) : text(std::move(t)) {}
  template <std::integral N>
  LogValue(N n) : text(std::to_string(n)), number(true) {}
  static LogValue number_of(std::string digits) {
    LogValue value(std::move(digits));
    value.number = true;
    return value;
  }
  std::string text;
  bool number = false;
};

using LogFields = std::initializer_list<std::pair<std::string_view, LogValue>>;

class Log {
 public:
  Log(LogLevel level, LogFormat format);
  ~Log();
  // `event` is a stable dotted name ("worker.assigned"); `message` is for people.
  void write(LogLevel level, std::string_view event, std::string_view message,
             LogFields fields = {});
  void error(std::string_view event, const Error& error, LogFields fields = {});
  // A progress line on the terminal, overwritten by the next one and kept below the log; nothing when not on a terminal.
  void progress(std::string_view line);
  // For commands whose results go to the same terminal.
  void without_progress() noexcept { terminal_ = false; }
  [[nodiscard]] bool on_terminal() const noexcept { return human_ && terminal_; }

 private:
  struct Impl;
  [[nodiscard]] std::string format(LogLevel level, std::string_view event, std::string_view message,
                                   LogFields fields) const;
  std::unique_ptr<Impl> impl_;
  LogLevel level_;
  bool human_;
  bool terminal_;
};

[[nodiscard]] std::string_view to_string(LogLevel level) noexcept;

}  // namespace thalweg
