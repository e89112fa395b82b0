#include "run/log.h"

#include <chrono>
#include <ctime>
#include <mutex>
#include <unistd.h>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <spdlog/sinks/null_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "config/json_text.h"

namespace thalweg {
namespace {

std::tm utc(std::time_t seconds) {
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  return parts;
}

std::tm local(std::time_t seconds) {
  std::tm parts{};
  ::localtime_r(&seconds, &parts);
  return parts;
}

spdlog::level::level_enum spd(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return spdlog::level::debug;
    case LogLevel::info: return spdlog::level::info;
    case LogLevel::warning: return spdlog::level::warn;
    case LogLevel::error: return spdlog::level::err;
  }
  return spdlog::level::info;
}

}  // namespace

struct Log::Impl {
  std::mutex mutex;  // a log line and the progress line must not mix
  spdlog::logger logger{"thalweg", std::make_shared<spdlog::sinks::stderr_sink_st>()};
  std::string progress;
};

std::string_view to_string(LogLevel level) noexcept {
  switch (level) {
    case LogLevel::debug: return "debug";
    case LogLevel::info: return "info";
    case LogLevel::warning: return "warning";
    case LogLevel::error: return "error";
  }
  return "info";
}

Log::Log(LogLevel level, LogFormat format)
    : impl_(std::make_unique<Impl>()), level_(level), terminal_(::isatty(STDERR_FILENO) != 0) {
  human_ = format == LogFormat::human || (format == LogFormat::automatic && terminal_);
  impl_->logger.set_pattern("%v");
  impl_->logger.set_level(spd(level));
  impl_->logger.flush_on(spdlog::level::trace);
}

Log::~Log() {
  if (!impl_->progress.empty()) fmt::print(stderr, "\n");
}

std::string Log::format(LogLevel level, std::string_view event, std::string_view message,
                        LogFields fields) const {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  const auto seconds = static_cast<std::time_t>(ms / 1000);
  if (human_) {
    std::string line =
        fmt::format("{:%H:%M:%S} {:<7} {}", local(seconds), to_string(level), message);
    return line;
  }
  std::string line =
      fmt::format(R"({{"ts":"{:%Y-%m-%dT%H:%M:%S}.{:03}Z","level":"{}","event":"{}","message":)",
                  utc(seconds), ms % 1000, to_string(level), event);
  config::append_json_string(message, line);
  for (const auto& [name, value] : fields) {
    line += ',';
    config::append_json_string(name, line);
    line += ':';
    if (value.number) {
      line += value.text;
    } else {
      config::append_json_string(value.text, line);
    }
  }
  line += '}';
  return line;
}

void Log::write(LogLevel level, std::string_view event, std::string_view message,
                LogFields fields) {
  if (level < level_) return;
  const std::string line = format(level, event, message, fields);
  const std::lock_guard lock(impl_->mutex);
  if (!impl_->progress.empty()) fmt::print(stderr, "\r\x1b[2K");
  impl_->logger.log(spd(level), line);
  if (!impl_->progress.empty()) fmt::print(stderr, "{}", impl_->progress);
}

void Log::error(std::string_view event, const Error& error, LogFields fields) {
  if (human_) return write(LogLevel::error, event, error.message(), fields);
  std::string code(to_string(error.code()));
  // One more field than given: the code is what a script looks for.
  const std::string line = format(LogLevel::error, event, error.message(), fields);
  const std::lock_guard lock(impl_->mutex);
  impl_->logger.log(spdlog::level::err,
                    line.substr(0, line.size() - 1) + R"(,"code":")" + code + "\"}");
}

void Log::progress(std::string_view line) {
  if (!on_terminal()) return;
  const std::lock_guard lock(impl_->mutex);
  impl_->progress = line;
  fmt::print(stderr, "\r\x1b[2K{}", line);
}

}  // namespace thalweg
