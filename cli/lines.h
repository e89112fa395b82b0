// Outputs as lines of text: what `score` writes, `run --dry-run` prints and golden files hold.
//
//   plain    the value as it is (sink/lines_sink.h)                  one output topic
//   tagged   {"topic":"fraud_alerts","value":{"card":"c1"}}          several
//   whole    {"topic":…,"key":…,"headers":{…},"timestamp":…,"value":…}
//
// In the last two a value that is not JSON stands under "text", one that is not UTF-8 under "base64".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sink/lines_sink.h"

namespace thalweg::cli {

// `"value":…`, `"text":"…"` or `"base64":"…"`.
[[nodiscard]] std::string value_member(std::optional<std::string_view> value);
// As a JSON string, behind "base64:" when it is not UTF-8; null when there is none.
[[nodiscard]] std::string text_or_null(std::optional<std::string_view> text);

[[nodiscard]] std::string plain_line(std::optional<std::string_view> value);
[[nodiscard]] std::string tagged_line(std::string_view topic,
                                      std::optional<std::string_view> value);

// For LinesSink.
[[nodiscard]] LineWriter tagged_writer();
// Plain lines of one topic; the others are left out.
[[nodiscard]] LineWriter only_writer(std::string topic);
[[nodiscard]] LineWriter whole_writer();
// For people: topic, key and value on a line, the headers below.
[[nodiscard]] LineWriter human_writer();

}  // namespace thalweg::cli
