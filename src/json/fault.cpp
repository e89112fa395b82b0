// See fault.h.
#include "json/fault.h"

#include <fmt/format.h>

namespace thalweg::json {

std::string excerpt(std::string_view text, std::size_t bytes_max) {
  std::string out;
  std::size_t end = std::min(text.size(), bytes_max);
  // Never end inside a character: continuation bytes are 10xxxxxx.
  while (end > 0 && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
    --end;
  for (const char c : text.substr(0, end)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  if (end < text.size()) out += "…";
  return out;
}

Error to_error(const Fault& fault, std::string_view text) {
  switch (fault.code) {
    case Code::not_utf8:
      if (fault.at < text.size() && text[fault.at] == '\\') {
        return Error(fault.code,
                     fmt::format("byte {}: expected {}; got '{}' alone, which stands for no text; "
                                 "repair the sender's escapes",
                                 fault.at, fault.expected, text.substr(fault.at, 6)));
      }
      return Error(
          fault.code,
          fmt::format("byte {}: expected UTF-8; got other bytes; send text as UTF-8, and bytes as "
                      "base64 or with `format: bytes`",
                      fault.at));
    case Code::too_deep:
      return Error(
          fault.code,
          fmt::format("byte {}: expected {}; got one more; raise `depth_max` if this is no mistake",
                      fault.at, fault.expected));
    default: break;
  }
  if (text.substr(fault.at <= text.size() ? fault.at : text.size()).starts_with("\xEF\xBB\xBF")) {
    return Error(fault.code,
                 fmt::format("byte {}: expected {}; got a byte order mark (EF BB BF), which is "
                             "invisible; send UTF-8 without it",
                             fault.at, fault.expected));
  }
  const std::string got =
      fault.at >= text.size() ? "the end" : fmt::format("'{}'", excerpt(text.substr(fault.at), 12));
  return Error(fault.code,
               fmt::format("byte {}: expected {}; got {}; is the value JSON, and whole?", fault.at,
                           fault.expected, got));
}

}  // namespace thalweg::json
