// Any text as a number, a duration, a size, a time, a type, a share, a pointer, a JSON number: it is refused, or what it says can be written and read again.
#include <charconv>
#include <cmath>

#include "config/column_type.h"
#include "config/pipeline.h"
#include "config/scalars.h"
#include "fuzz/input.h"
#include "json/number.h"
#include "json/pointer.h"
#include "model/bucket.h"
#include "model/wish.h"

namespace {

using namespace thalweg;
using fuzz::require;

// The judge of decimal numbers: the standard library's own reading of what JSON calls a number.
template <class T>
void judge_number(std::string_view text) {
  T ours{}, theirs{};
  if (json::parse_number(text, json::Grammar::json, ours) != json::NumberFault::none) return;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), theirs);
  require(end == text.data() + text.size());
  require(error == std::errc::result_out_of_range || ours == theirs);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  (void)config::parse_integer(text);
  (void)config::parse_number(text);
  (void)config::parse_boolean(text);
  if (const auto ms = config::parse_duration(text)) {
    require(!config::duration_text(static_cast<double>(*ms)).empty());
  }
  if (const auto bytes = config::parse_bytes(text)) {
    require(!config::bytes_text(static_cast<double>(*bytes)).empty());
  }
  if (const auto start = parse_start(text)) require(start->time.ms >= -1);
  if (const auto type = parse_column_type(text)) {
    const auto again = parse_column_type(type->to_string());
    require(again.ok() && *again == *type);
  }
  if (const auto share = parse_share(std::string(text))) {
    require(*share <= bucket_count);
    const auto again = parse_share(share_text(*share));
    require(again.ok() && *again == *share);
  }
  if (const auto pointer = json::parse_pointer(text)) {
    const auto again = json::parse_pointer(pointer->to_string());
    require(again.ok() && *again == *pointer);
  }
  if (const auto pair = parse_override(text)) require(!pair->first.empty());
  judge_number<float>(text);
  judge_number<double>(text);
  for (const json::Grammar grammar : {json::Grammar::json, json::Grammar::loose}) {
    std::int64_t whole = 0;
    std::int32_t half = 0;
    std::uint8_t byte = 0;
    (void)json::parse_number(text, grammar, half);
    (void)json::parse_number(text, grammar, byte);
    if (json::parse_number(text, grammar, whole) == json::NumberFault::none)
      require(json::is_number(text, grammar));
  }
  return 0;
}
