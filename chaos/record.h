// A record of a run: who it is, what must become of it, and its text.
//
// Each carries one header, `chaos: partition:number:kind`, which the pipeline passes on to outputs and dead letters alike: so the
// verifier knows what it has before it without believing what the pipeline made of the value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace thalweg::chaos {

enum class Kind : std::uint8_t {
  good,     // one output
  refused,  // the model refuses it: a dead letter
  broken,   // no JSON: a dead letter
  slow,     // the second model does not answer for some seconds, then it is one output
  deadly,   // the third takes the whole process with it: a dead letter
  stuck,    // the fourth never returns: a dead letter
};

struct Record {
  int partition = 0;
  std::int64_t number = 0;  // from 0, without a gap, in each partition
  Kind kind = Kind::good;
  friend bool operator==(const Record&, const Record&) = default;
};

inline constexpr std::size_t kinds = 6;

inline constexpr std::string_view header_name = "chaos";

[[nodiscard]] std::string header_of(const Record& record);
[[nodiscard]] std::optional<Record> read_header(std::string_view text);
[[nodiscard]] std::string value_of(const Record& record);
// What the fake model answers for it.
[[nodiscard]] double score_of(const Record& record) noexcept;
// Does this output say what was to be computed for the record? The value is ours: {"p":…,"n":…,"score":…}.
[[nodiscard]] bool is_output_of(const Record& record, std::string_view value);
[[nodiscard]] inline bool must_die(Kind kind) noexcept {
  return kind == Kind::refused || kind == Kind::broken || kind == Kind::deadly ||
         kind == Kind::stuck;
}

}  // namespace thalweg::chaos
