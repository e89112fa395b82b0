// Lines of JSON from where a command was told: a file, `-` (standard input), or `topic:NAME`, whose messages are lines.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "thalweg/error.h"

#include "config/pipeline.h"
#include "kafka/config.h"

namespace thalweg::cli {

inline constexpr std::string_view topic_prefix = "topic:";

struct LineInput {
  std::string_view what;  // in errors and in words: "labels"
  std::string from;
  const PipelineFile* file = nullptr;  // says where the brokers are; null: no topic can be read
  kafka::Role cluster = kafka::Role::producer;     // whose brokers
  std::string reader = "read";                     // in the brokers' logs
  std::size_t timeout_s = 10;                      // for each answer of theirs
  std::optional<std::int64_t> since_ms, until_ms;  // of a topic's records
};

// `partition` and `place` say where it stands: in a file 0 and the line's number.
struct InputLine {
  std::string_view text;
  std::int32_t partition = 0;
  std::int64_t place = 0;
};

// To the end. Empty lines are passed over. Errors: io_failed, config_invalid, those of the brokers, and those of `take`, with the place in front.
[[nodiscard]] Status read_lines(const LineInput& input,
                                const std::function<Status(const InputLine&)>& take);

}  // namespace thalweg::cli
