// See base64.h.
#include "encode/base64.h"

namespace thalweg::encode {

void put_base64(std::string_view bytes, ArenaWriter& out) {
  constexpr std::string_view letters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  char* to = out.room((bytes.size() + 2) / 3 * 4);
  const auto byte = [&](std::size_t i) -> unsigned { return static_cast<unsigned char>(bytes[i]); };
  std::size_t i = 0;
  for (; i + 3 <= bytes.size(); i += 3, to += 4) {
    const unsigned three = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    to[0] = letters[three >> 18];
    to[1] = letters[three >> 12 & 63];
    to[2] = letters[three >> 6 & 63];
    to[3] = letters[three & 63];
  }
  if (const std::size_t left = bytes.size() - i; left != 0) {
    const unsigned rest = byte(i) << 16 | (left == 2 ? byte(i + 1) << 8 : 0);
    to[0] = letters[rest >> 18];
    to[1] = letters[rest >> 12 & 63];
    to[2] = left == 2 ? letters[rest >> 6 & 63] : '=';
    to[3] = '=';
    to += 4;
  }
  out.used_to(to);
}

}  // namespace thalweg::encode
