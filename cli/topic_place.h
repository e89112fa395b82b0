// A place in a topic as it is typed: a time, a time ago, or an offset.
#pragma once

#include <cstdint>
#include <string>

#include "thalweg/error.h"

namespace thalweg::cli {

struct TopicPlace {
  enum class Kind : std::uint8_t {
    edge,   // where the topic begins, or ends now
    time,   // `value` ms since 1970: the first record at or after it, in each partition
    offset  // `value`, in each partition
  };
  Kind kind = Kind::edge;
  std::int64_t value = 0;
};

// "", "2026-05-01T08:00:00Z", ms since 1970, "-2h" (before `now_ms`), "offset:4711". `option` is what it was typed behind. Errors:
// config_invalid.
[[nodiscard]] Result<TopicPlace> parse_place(const std::string& option, const std::string& text,
                                             std::int64_t now_ms);

}  // namespace thalweg::cli
