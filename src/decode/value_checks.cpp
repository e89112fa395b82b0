// See value_checks.h.
#include "decode/value_checks.h"

#include <fmt/format.h>

namespace thalweg::decode {

std::optional<Error> null_value() {
  return Error(
      Code::null_value,
      "value: expected one; got null; set from.on_null to drop or forward if that is meant");
}

std::optional<Error> check_unframed(std::string_view value, std::string_view format) {
  constexpr std::size_t frame_bytes = 5;
  if (value.size() < frame_bytes || value[0] != '\0') return std::nullopt;
  std::uint32_t id = 0;
  for (std::size_t i = 1; i < frame_bytes; ++i) id = id << 8 | static_cast<unsigned char>(value[i]);
  return Error(Code::confluent_framed,
               fmt::format("value: expected {}; got a schema registry frame (schema id {}); let "
                           "the producer write plain {}",
                           format, id, format));
}

}  // namespace thalweg::decode
