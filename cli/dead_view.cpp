// How dead letters are shown.
#include <algorithm>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "cli/base64.h"
#include "cli/dead_letter.h"
#include "cli/terminal.h"
#include "config/json_text.h"
#include "json/utf8.h"

namespace thalweg::cli {
namespace {

// Names of headers and words of an error come from strangers: bytes that are no UTF-8 are shown as U+FFFD, so that the line stays JSON.
std::string json_string(std::string_view text) {
  std::string readable;
  while (!text.empty()) {
    const std::size_t whole = json::valid_utf8_prefix(text);
    readable += text.substr(0, whole);
    text.remove_prefix(whole);
    if (text.empty()) break;
    readable += "\xef\xbf\xbd";
    text.remove_prefix(1);
  }
  return config::json_string(readable);
}

constexpr std::size_t shown_bytes_max = 4096;
constexpr std::size_t hex_bytes_max = 256;

std::string time_text(std::int64_t ms) {
  if (ms < 0) return "no time";
  return fmt::format("{:%Y-%m-%d %H:%M:%S}.{:03}", fmt::gmtime(static_cast<std::time_t>(ms / 1000)),
                     ms % 1000);
}

bool is_text(std::string_view bytes) {
  return json::valid_utf8(bytes) && std::none_of(bytes.begin(), bytes.end(), [](char c) {
           return static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\r' && c != '\t';
         });
}

std::string hex(std::string_view bytes) {
  std::string out;
  for (std::size_t i = 0; i < std::min(bytes.size(), hex_bytes_max); ++i)
    out += fmt::format("{}{:02x}",
                       i == 0        ? ""
                       : i % 16 == 0 ? "\n"
                                     : " ",
                       static_cast<unsigned char>(bytes[i]));
  if (bytes.size() > hex_bytes_max)
    out += fmt::format("\n… {} more", counted(bytes.size() - hex_bytes_max, "byte"));
  return out;
}

std::string shown(const std::optional<std::string>& bytes) {
  if (!bytes) return "(null)";
  if (!is_text(*bytes)) return hex(*bytes);
  if (bytes->size() <= shown_bytes_max) return *bytes;
  const std::string_view head(bytes->data(), shown_bytes_max);
  return fmt::format("{}\n… {} more", head.substr(0, json::valid_utf8_prefix(head)),
                     counted(bytes->size() - shown_bytes_max, "byte"));
}

std::string_view or_dash(std::string_view text) {
  return text.empty() ? "–" : text;
}

std::string bytes_json(const std::string& name, const std::optional<std::string>& bytes) {
  if (!bytes) return fmt::format("\"{}\":null", name);
  if (json::valid_utf8(*bytes)) return fmt::format("\"{}\":{}", name, json_string(*bytes));
  return fmt::format("\"{}_base64\":\"{}\"", name, to_base64(*bytes));
}

bool is_ours(const std::string& name) {
  return name.starts_with("__thalweg.");
}

}  // namespace

void DeadGroups::add(const DeadLetter& letter) {
  ++count_;
  Group& g = groups_[{std::string(letter.error("code")), std::string(letter.error("stage"))}];
  if (g.count++ == 0) {
    g.code = letter.error("code");
    g.stage = letter.error("stage");
    g.example = fmt::format("{}@{}", letter.at.partition.value, letter.offset.value);
    g.message = letter.error("message");
    g.first_ms = g.last_ms = letter.timestamp.ms;
  }
  g.first_ms = std::min(g.first_ms, letter.timestamp.ms);
  g.last_ms = std::max(g.last_ms, letter.timestamp.ms);
}

std::vector<DeadGroups::Group> DeadGroups::sorted() const {
  std::vector<Group> all;
  for (const auto& [key, group] : groups_) all.push_back(group);
  std::stable_sort(all.begin(), all.end(),
                   [](const Group& a, const Group& b) { return a.count > b.count; });
  return all;
}

std::string DeadGroups::to_text(std::size_t columns) const {
  if (groups_.empty()) return {};
  std::string text = fmt::format("{:>10}  {:<20} {:<8} {:<23}  {:<23}  {}\n", "count", "code",
                                 "stage", "oldest record", "youngest record", "example");
  for (const Group& g : sorted()) {
    const std::string line = fmt::format(
        "{:>10}  {:<20} {:<8} {:<23}  {:<23}  {} {}", thousands(g.count), or_dash(g.code),
        or_dash(g.stage), time_text(g.first_ms), time_text(g.last_ms), g.example, g.message);
    text += one_line(line, columns) + "\n";
  }
  return text;
}

std::string DeadGroups::to_json() const {
  std::string text;
  for (const Group& g : sorted())
    text += fmt::format(
        R"({{"count":{},"code":{},"stage":{},"oldest_ms":{},"youngest_ms":{},"example":{},"message":{}}})"
        "\n",
        g.count, json_string(g.code), json_string(g.stage), g.first_ms, g.last_ms,
        json_string(g.example), json_string(g.message));
  return text;
}

std::string to_text(const DeadLetter& letter) {
  const Style& s = style(stdout);
  std::string text =
      fmt::format("{}{}{}  {}\n", s.bold, letter.place(), s.off, time_text(letter.timestamp.ms));
  const auto line = [&](std::string_view name, std::string_view value) {
    if (!value.empty())
      text += fmt::format("  {}{:<9}{} {}\n", s.dim, name, s.off, indented(value, 12));
  };
  line("code", or_dash(letter.error("code")));
  line("stage", letter.error("stage"));
  line("message", letter.error("message"));
  if (!letter.error("topic").empty())
    line("from", fmt::format("{}[{}]@{}", letter.error("topic"), letter.error("partition"),
                             letter.error("offset")));
  line("pipeline", letter.error("pipeline"));
  if (!letter.error("model").empty())
    line("model", fmt::format("{}, version {}", letter.error("model"), letter.error("version")));
  if (letter.replays() > 0)
    line("replayed", counted(static_cast<std::uint64_t>(letter.replays()), "time"));
  line("key", shown(letter.key));
  for (const auto& [name, value] : letter.headers) {
    if (!is_ours(name)) line("header", fmt::format("{}: {}", name, shown(value)));
  }
  line("value", letter.value ? counted(letter.value->size(), "byte") : "(null)");
  if (letter.value) text += fmt::format("    {}\n", indented(shown(letter.value), 4));
  return text;
}

std::string to_json(const DeadLetter& letter) {
  std::string text = fmt::format(R"({{"topic":{},"partition":{},"offset":{},"timestamp_ms":{})",
                                 json_string(letter.at.topic), letter.at.partition.value,
                                 letter.offset.value, letter.timestamp.ms);
  text += R"(,"error":{)";
  bool first = true;
  for (const char* name : {"topic", "partition", "offset", "stage", "code", "message", "pipeline",
                           "model", "version"}) {
    if (letter.error(name).empty()) continue;
    text += fmt::format("{}\"{}\":{}", first ? "" : ",", name, json_string(letter.error(name)));
    first = false;
  }
  text += fmt::format(R"(}},"replays":{},{},{},"headers":[)", letter.replays(),
                      bytes_json("key", letter.key), bytes_json("value", letter.value));
  first = true;
  for (const auto& [name, value] : letter.headers) {
    if (is_ours(name)) continue;
    text += fmt::format("{}{{\"name\":{},{}}}", first ? "" : ",", json_string(name),
                        bytes_json("value", value));
    first = false;
  }
  return text + "]}";
}

}  // namespace thalweg::cli
