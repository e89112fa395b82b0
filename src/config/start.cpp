// `start:` of a source: earliest, latest, or a time.
#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <optional>

#include "config/pipeline.h"
#include "config/scalars.h"

namespace thalweg {

namespace {

// Reads a fixed number of digits and moves on.
std::optional<int> digits(std::string_view& text, std::size_t count) {
  int value = 0;
  if (text.size() < count) return std::nullopt;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + count, value);
  if (error != std::errc() || stop != text.data() + count || text[0] == '-') return std::nullopt;
  text.remove_prefix(count);
  return value;
}

bool skip(std::string_view& text, std::string_view one_of) {
  if (text.empty() || one_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

// "Z", "+02:00" → minutes east of Greenwich.
std::optional<int> zone(std::string_view text) {
  if (text == "Z" || text == "z") return 0;
  const bool west = text.starts_with('-');
  if (!skip(text, "+-")) return std::nullopt;
  const auto hours = digits(text, 2);
  if (!hours || !skip(text, ":")) return std::nullopt;
  const auto minutes = digits(text, 2);
  if (!minutes || !text.empty() || *hours > 23 || *minutes > 59) return std::nullopt;
  return (*hours * 60 + *minutes) * (west ? -1 : 1);
}

// RFC 3339: "2026-05-01T08:00:00.250+02:00".
std::optional<std::int64_t> parse_time(std::string_view text) {
  std::array<int, 6> part{};
  constexpr std::array<std::string_view, 6> separators = {"-", "-", "Tt ", ":", ":", ""};
  for (std::size_t i = 0; i < part.size(); ++i) {
    const auto value = digits(text, i == 0 ? 4 : 2);
    if (!value || (i < 5 && !skip(text, separators[i]))) return std::nullopt;
    part[i] = *value;
  }
  std::int64_t ms = 0;
  if (skip(text, ".")) {
    std::int64_t scale = 100;
    std::size_t count = 0;
    for (; !text.empty() && text.front() >= '0' && text.front() <= '9';
         text.remove_prefix(1), ++count) {
      ms += scale * (text.front() - '0');
      scale /= 10;
    }
    if (count == 0) return std::nullopt;
  }
  const auto east = zone(text);
  const std::chrono::year_month_day date{std::chrono::year(part[0]),
                                         std::chrono::month(static_cast<unsigned>(part[1])),
                                         std::chrono::day(static_cast<unsigned>(part[2]))};
  if (!east || !date.ok() || part[3] > 23 || part[4] > 59 || part[5] > 60) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return (((days * 24 + part[3]) * 60 + part[4] - *east) * 60 + part[5]) * 1000 + ms;
}

}  // namespace

Result<Start> parse_start(std::string_view text) {
  if (text == "earliest") return Start{Start::Kind::earliest, {}};
  if (text == "latest") return Start{Start::Kind::latest, {}};
  const bool number = !text.empty() && std::all_of(text.begin(), text.end(),
                                                   [](char c) { return c >= '0' && c <= '9'; });
  const auto ms = number ? config::parse_integer(text) : parse_time(text);
  if (ms && *ms >= 0) return Start{Start::Kind::time, Timestamp{*ms}};
  const std::vector<std::string> words = {"earliest", "latest"};
  const std::string hint = did_you_mean(text, words);
  return Error(
      Code::config_invalid,
      "start: expected earliest, latest, a time or milliseconds since 1970; got " +
          Node::scalar(std::string(text)).shown() +
          (hint.empty() ? "; write start: earliest, or start: 2026-05-01T00:00:00Z" : "." + hint));
}

}  // namespace thalweg
