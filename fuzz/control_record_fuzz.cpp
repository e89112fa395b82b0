// Any bytes as a control record or a process's word: no crash, and whatever is accepted is written so that it reads back the same.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "control/board.h"

namespace {

void require(bool claim) {
  if (!claim) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace thalweg::control;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (auto record = parse_record(text)) {
    auto again = parse_record(to_json(*record));
    require(again.ok() && *again == *record);
    (void)describe(record->state);
  }
  if (auto word = parse_heartbeat(text)) {
    auto again = parse_heartbeat(to_node(*word).to_json());
    require(again.ok() && *again == *word);
  }
  Board board;
  const std::size_t middle = size / 2;
  (void)board.take({1, std::string(text.substr(0, middle)), std::string(text.substr(middle)), 0},
                   {}, 0);
  return 0;
}
