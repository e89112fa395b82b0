#include "cli/topic_place.h"

#include <fmt/format.h>

#include "config/pipeline.h"
#include "config/scalars.h"

namespace thalweg::cli {
namespace {

constexpr std::string_view offset_prefix = "offset:";

}  // namespace

Result<TopicPlace> parse_place(const std::string& option, const std::string& text,
                               std::int64_t now_ms) {
  using Kind = TopicPlace::Kind;
  if (text.empty()) return TopicPlace{};
  if (text.starts_with(offset_prefix)) {
    const auto offset = config::parse_integer(text.substr(offset_prefix.size()));
    if (offset && *offset >= 0) return TopicPlace{Kind::offset, *offset};
  } else if (text.front() == '-') {
    const auto ago = config::parse_duration(text.substr(1));
    if (ago && *ago <= now_ms) return TopicPlace{Kind::time, now_ms - *ago};
  } else if (const auto start = parse_start(text); start && start->kind == Start::Kind::time) {
    return TopicPlace{Kind::time, start->time.ms};
  }
  return Error(
      Code::config_invalid,
      fmt::format("{}: expected a time, as 2026-05-01T08:00:00Z, milliseconds since 1970, a "
                  "time ago, as -2h, or offset:4711; got '{}'",
                  option, text));
}

}  // namespace thalweg::cli
