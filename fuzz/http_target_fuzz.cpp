// Any target of a request: it is refused, or what comes of it is text, and written with every byte escaped it reads back the same.
#include "fuzz/input.h"
#include "http/target.h"

namespace {

using namespace thalweg;
using fuzz::require;

void require_text(std::string_view text) {
  require(fuzz::is_utf8(text));
  require(std::none_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }));
}

std::string escaped(std::string_view text) {
  constexpr const char* digits = "0123456789abcdef";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto target = http::parse_target(fuzz::text_of(data, size));
  if (!target) return 0;
  require(target->path.starts_with('/'));
  require_text(target->path);
  std::string again = "/" + escaped(std::string_view(target->path).substr(1)) + "?";
  for (const auto& [name, value] : target->query) {
    require(!name.empty());
    require_text(name);
    require_text(value);
    again += escaped(name) + "=" + escaped(value) + "&";
  }
  const auto read = http::parse_target(again);
  require(read && read->path == target->path && read->query == target->query);
  return 0;
}
