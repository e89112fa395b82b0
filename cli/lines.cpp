#include "cli/lines.h"

#include <fmt/format.h>

#include "cli/base64.h"
#include "cli/json_value.h"
#include "config/json_text.h"
#include "json/utf8.h"

namespace thalweg::cli {
namespace {

bool is_one_line(std::string_view value) {
  return value.find_first_of("\r\n") == std::string_view::npos && json::valid_utf8(value);
}

// Calls f(name, value) for the input's headers and then ours.
template <class F>
void for_each_header(const OutputRecord& output, F f) {
  for (const auto headers : {output.input_headers, output.headers}) {
    for (const Header& header : headers) f(header.name, header.value);
  }
}

void append_whole(const std::string& topic, const OutputRecord& output, std::string& out) {
  out += fmt::format(R"({{"topic":{},"key":{},"headers":{{)", config::json_string(topic),
                     text_or_null(output.key));
  bool first = true;
  for_each_header(output, [&](std::string_view name, std::optional<std::string_view> value) {
    out += (first ? "" : ",") + config::json_string(name) + ':' + text_or_null(value);
    first = false;
  });
  out += fmt::format("}},\"timestamp\":{},{}}}\n", output.timestamp.ms, value_member(output.value));
}

// Key, header and value as they are where they are text.
std::string readable(std::optional<std::string_view> text) {
  if (!text) return "null";
  return is_one_line(*text) ? std::string(*text) : text_or_null(text);
}

void append_human(const std::string& topic, const OutputRecord& output, std::string& out) {
  out += topic + (output.dead_letter ? "  (dead letter)" : "");
  if (output.key) out += "  key=" + readable(output.key);
  out += "  " + readable(output.value) + '\n';
  for_each_header(output, [&](std::string_view name, std::optional<std::string_view> value) {
    out += fmt::format("    {}: {}\n", name, readable(value));
  });
}

}  // namespace

std::string text_or_null(std::optional<std::string_view> text) {
  if (!text) return "null";
  if (json::valid_utf8(*text)) return config::json_string(*text);
  return config::json_string("base64:" + to_base64(*text));
}

std::string value_member(std::optional<std::string_view> value) {
  if (!value) return R"("value":null)";
  if (!json::valid_utf8(*value)) return R"("base64":")" + to_base64(*value) + '"';
  const bool is_json = is_one_line(*value) && parse_json(*value).ok();
  return is_json ? fmt::format(R"("value":{})", *value)
                 : R"("text":)" + config::json_string(*value);
}

std::string plain_line(std::optional<std::string_view> value) {
  if (!value) return "null";
  return is_one_line(*value) ? std::string(*value) : R"({"base64":")" + to_base64(*value) + "\"}";
}

std::string tagged_line(std::string_view topic, std::optional<std::string_view> value) {
  return fmt::format(R"({{"topic":{},{}}})", config::json_string(topic), value_member(value));
}

LineWriter tagged_writer() {
  return [](const std::string& topic, const OutputRecord& output, std::string& out) {
    out += tagged_line(topic, output.value) + '\n';
  };
}

LineWriter only_writer(std::string wanted) {
  return [wanted = std::move(wanted)](const std::string& topic, const OutputRecord& output,
                                      std::string& out) {
    if (topic == wanted) out += plain_line(output.value) + '\n';
  };
}

LineWriter whole_writer() {
  return append_whole;
}

LineWriter human_writer() {
  return append_human;
}

}  // namespace thalweg::cli
