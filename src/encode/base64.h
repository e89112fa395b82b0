// Base64 (RFC 4648, with padding).
#pragma once

#include <string_view>

#include "encode/arena_writer.h"

namespace thalweg::encode {

void put_base64(std::string_view bytes, ArenaWriter& out);

}  // namespace thalweg::encode
