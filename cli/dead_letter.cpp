#include "cli/dead_letter.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include <fmt/format.h>

#include "config/scalars.h"

namespace thalweg::cli {
namespace {

constexpr std::string_view errors_prefix = "__thalweg.errors.";
constexpr std::string_view replay_prefix = "__thalweg.replay";

const std::optional<std::string>* newest(const MessageHeaders& headers, std::string_view name) {
  for (auto it = headers.rbegin(); it != headers.rend(); ++it) {
    if (it->first == name) return &it->second;
  }
  return nullptr;
}

bool one_of(const std::vector<std::string>& wanted, std::string_view what) {
  return wanted.empty() || std::find(wanted.begin(), wanted.end(), what) != wanted.end();
}

// The header comes from whoever wrote the record: a number beyond what we count stays at the end, and does not begin again.
constexpr int replays_end = std::numeric_limits<int>::max();

}  // namespace

std::string_view DeadLetter::error(std::string_view name) const noexcept {
  for (auto it = headers.rbegin(); it != headers.rend(); ++it) {
    if (it->first.size() == errors_prefix.size() + name.size() &&
        it->first.starts_with(errors_prefix) && it->first.ends_with(name))
      return it->second ? std::string_view(*it->second) : std::string_view();
  }
  return {};
}

int DeadLetter::replays() const noexcept {
  const auto* text = newest(headers, replays_header);
  if (text == nullptr || !*text) return 0;
  int n = 0;
  const char* const end = (*text)->data() + (*text)->size();
  const auto [stop, error] = std::from_chars((*text)->data(), end, n);
  if (error == std::errc::result_out_of_range && !(*text)->starts_with('-')) return replays_end;
  return std::max(n, 0);
}

std::string DeadLetter::place() const {
  return fmt::format("{}@{}", at.to_string(), offset.value);
}

MessageHeaders DeadLetter::replay_headers() const {
  MessageHeaders kept;
  for (const auto& header : headers) {
    if (!header.first.starts_with(errors_prefix) && !header.first.starts_with(replay_prefix))
      kept.push_back(header);
  }
  kept.emplace_back(replays_header, std::to_string(std::min(replays(), replays_end - 1) + 1));
  kept.emplace_back(replay_of_header, place());
  return kept;
}

bool DeadSelection::holds(const DeadLetter& letter) const {
  const std::int64_t ms = letter.timestamp.ms;
  return one_of(codes, letter.error("code")) && one_of(stages, letter.error("stage")) &&
         one_of(topics, letter.error("topic")) &&
         (!partition || *partition == letter.at.partition.value) &&
         (!offsets ||
          (offsets->first <= letter.offset.value && letter.offset.value <= offsets->second)) &&
         (!since_ms || ms >= *since_ms) && (!until_ms || ms < *until_ms);
}

bool DeadSelection::everything() const noexcept {
  return codes.empty() && stages.empty() && topics.empty() && !partition && !offsets && !since_ms &&
         !until_ms;
}

Result<std::pair<std::int64_t, std::int64_t>> parse_offsets(const std::string& text) {
  const auto dash = text.find('-');
  const auto first = config::parse_integer(text.substr(0, dash));
  const auto last =
      dash == std::string::npos ? first : config::parse_integer(text.substr(dash + 1));
  if (first && last && 0 <= *first && *first <= *last) return std::pair{*first, *last};
  return Error(
      Code::config_invalid,
      fmt::format("--offset: expected an offset, as 17, or a range, as 10-20; got '{}'", text));
}

}  // namespace thalweg::cli
