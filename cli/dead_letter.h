// A dead letter as `thalweg dead` sees it: the message, what its headers say of the reason, which ones are meant, how it is shown,
// and what it looks like when it is sent again. No broker here.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "thalweg/error.h"
#include "thalweg/ids.h"

namespace thalweg::cli {

using MessageHeaders = std::vector<std::pair<std::string, std::optional<std::string>>>;

// What we add to a record that is sent again; docs/dead-letters.md has the words.
inline constexpr std::string_view replays_header = "__thalweg.replays";
inline constexpr std::string_view replay_of_header = "__thalweg.replay.of";

struct DeadLetter {
  TopicPartition at;  // in the dead-letter topic
  Offset offset;
  Timestamp timestamp;
  std::optional<std::string> key, value;
  MessageHeaders headers;

  // Of the newest `__thalweg.errors.NAME`; empty where there is none (a message that is not ours).
  [[nodiscard]] std::string_view error(std::string_view name) const noexcept;
  // How often the record was sent again before it died this time.
  [[nodiscard]] int replays() const noexcept;
  [[nodiscard]] std::string place() const;  // "fraud.dead[0]@17"
  // The headers of the record without ours, and with those of a replay.
  [[nodiscard]] MessageHeaders replay_headers() const;
};

// Which letters are meant: all that are named hold.
struct DeadSelection {
  std::vector<std::string> codes, stages, topics;
  std::optional<int> partition;
  std::optional<std::pair<std::int64_t, std::int64_t>> offsets;  // both included
  std::optional<std::int64_t> since_ms, until_ms;                // of the record; until is excluded

  [[nodiscard]] bool holds(const DeadLetter& letter) const;
  [[nodiscard]] bool everything() const noexcept;
};
// "17" or "10-20". Errors: config_invalid.
[[nodiscard]] Result<std::pair<std::int64_t, std::int64_t>> parse_offsets(const std::string& text);

// Letters with the same code and stage.
class DeadGroups {
 public:
  void add(const DeadLetter& letter);
  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  // The largest group first.
  [[nodiscard]] std::string to_text(std::size_t columns) const;
  [[nodiscard]] std::string to_json() const;  // one object a line

 private:
  struct Group {
    std::string code, stage;
    std::uint64_t count = 0;
    std::int64_t first_ms = -1, last_ms = -1;
    std::string example, message;
  };
  [[nodiscard]] std::vector<Group> sorted() const;
  std::map<std::pair<std::string, std::string>, Group> groups_;
  std::uint64_t count_ = 0;
};

// For people: a name a line, the value below. Bytes that are no text come as hexadecimal.
[[nodiscard]] std::string to_text(const DeadLetter& letter);
// For scripts: one object; a key or value that is no UTF-8 is under `key_base64`, `value_base64`.
[[nodiscard]] std::string to_json(const DeadLetter& letter);

}  // namespace thalweg::cli
