// Any key, value and headers of an input record: what goes out with it, as an output and as a dead letter, has those headers and ours, each of them text.
//
// The bytes are cut at NULs into key, value, the error's words, and headers by name and value; a value "\1" is null.
#include "fuzz/input.h"
#include "run/dead_letter.h"
#include "run/outputs.h"

namespace {

using namespace thalweg;
using fuzz::require;

std::optional<std::string_view> or_null(std::string_view part) {
  if (part == "\1") return std::nullopt;
  return part;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Parts parts(data, size);
  Batch batch;
  SourceRecord record;
  record.topic = "in";
  record.offset = {17};
  record.key = or_null(parts.next());
  record.value = or_null(parts.next());
  const std::string_view words = parts.next();
  std::size_t ours_before = 0;
  while (!parts.empty()) {
    const std::string_view name = parts.next();
    batch.add_header({name, or_null(parts.next())});
    if (name == output_header_name) ++ours_before;
    ++record.headers_end;
  }
  batch.add_record(record);
  batch.add_stamp({"model", "variant", 3, 41});
  batch.mark_seen(0, 0);

  for (const bool carry : {true, false}) {
    OutputRecord output;
    write_headers(batch, 0, carry, output);
    std::size_t ours = 0;
    for (const auto& headers : {output.input_headers, output.headers}) {
      for (const Header& header : headers) {
        if (header.name == output_header_name) ++ours;
      }
    }
    require(ours == 1);
    require(carry || output.input_headers.empty());
    const std::size_t all = output.input_headers.size() + output.headers.size();
    require(!carry || all == batch.headers_of(0).size() - ours_before + 1);
  }

  batch.fail(0, Error(Code::not_json, std::string(words)));
  const OutputRecord letter = make_dead_letter(batch, 0, 0, "p");
  require(letter.key == record.key && letter.value == record.value);
  require(letter.input_headers.size() == record.headers_end && letter.headers.size() == 9);
  for (const Header& header : letter.headers)
    require(fuzz::is_utf8(*header.value) || !fuzz::is_utf8(words));
  return 0;
}
