// Values as JSON text.
#pragma once

#include <cstdint>
#include <string_view>

#include "encode/arena_writer.h"

namespace thalweg::encode {

// With quotes, escaped. False: `text` is not UTF-8 (and something may have been written).
[[nodiscard]] bool put_json_string(std::string_view text, ArenaWriter& out);
// The shortest text that reads back as the same number. REQUIRES finite.
void put_json_number(float value, ArenaWriter& out);
void put_json_number(double value, ArenaWriter& out);
void put_json_number(std::int64_t value, ArenaWriter& out);

}  // namespace thalweg::encode
