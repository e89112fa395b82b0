// Any headers, key and value on a message of the dead-letter topic: `thalweg dead` shows it, as text and as JSON, and makes of it what it would send
// again; no crash, and what it writes as JSON is JSON.
//
// The bytes are cut at NULs into key, value, and headers by name and value; a value that is "\1" is null.
#include <climits>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include <simdjson.h>

#include "cli/dead_letter.h"

namespace {

using namespace thalweg;

void require(bool holds) {
  if (!holds) std::abort();
}

std::optional<std::string> next(std::string_view& rest) {
  const std::size_t end = std::min(rest.find('\0'), rest.size());
  std::string part(rest.substr(0, end));
  rest.remove_prefix(std::min(end + 1, rest.size()));
  if (part == "\1") return std::nullopt;
  return part;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static simdjson::dom::parser judge;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  cli::DeadLetter letter;
  letter.at = {"t.dead", {3}};
  letter.offset = {7};
  letter.key = next(rest);
  letter.value = next(rest);
  while (!rest.empty()) {
    std::string name = next(rest).value_or("__thalweg.errors.code");
    letter.headers.emplace_back(std::move(name), next(rest));
  }
  require(letter.replays() >= 0);
  (void)cli::to_text(letter);
  const std::string json = cli::to_json(letter);
  require(judge.parse(simdjson::padded_string(json)).error() == simdjson::SUCCESS);
  cli::DeadLetter again = letter;
  again.headers = letter.replay_headers();
  require(again.replays() > letter.replays() || letter.replays() == INT_MAX);
  cli::DeadGroups groups;
  groups.add(letter);
  groups.add(again);
  (void)groups.to_text(80);
  std::string_view lines;
  const std::string listed = groups.to_json();
  for (lines = listed; !lines.empty();) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    if (end > 0) {
      require(judge.parse(simdjson::padded_string(lines.substr(0, end))).error() ==
              simdjson::SUCCESS);
    }
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  return 0;
}
