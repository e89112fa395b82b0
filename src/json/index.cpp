// See index.h. The one file that knows simdjson's inner interface: its stages behind dom_parser_implementation.
#include "json/index.h"

#include <algorithm>

#include <simdjson.h>

#include "json/utf8.h"

namespace thalweg::json {

namespace {
constexpr std::size_t smallest_capacity = std::size_t{16} << 10;
constexpr std::size_t kept_capacity = std::size_t{4} << 20;

// Where a string with a bare control character, or one without an end, begins to be wrong. Only on the unhappy way.
std::size_t find_bad_string(std::string_view text, bool want_control) {
  bool inside = false;
  std::size_t open = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (!inside) {
      if (c == '"') {
        inside = true;
        open = i;
      }
      continue;
    }
    if (want_control && c < 0x20) return i;
    if (c == '\\') {
      ++i;
    } else if (c == '"') {
      inside = false;
    }
  }
  return inside ? open : text.size();
}
}  // namespace

struct Index::Scanner {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> stages;
};

Index::Index() : scanner_(std::make_unique<Scanner>()) {}
Index::~Index() = default;

bool Index::grow(std::size_t bytes) {
  std::size_t wanted = std::max(capacity_, smallest_capacity);
  while (wanted < bytes) wanted *= 2;
  scanner_->stages.reset();
  capacity_ = 0;
  const auto failure = simdjson::get_active_implementation()->create_dom_parser_implementation(
      wanted, 1, scanner_->stages);
  if (failure != simdjson::SUCCESS) return false;
  capacity_ = wanted;
  return true;
}

bool Index::build(std::string_view text) {
  text_ = text;
  count_ = 0;
  if (text.size() > capacity_ && !grow(text.size())) {
    fault_ = {Code::not_json, 0, "a text that fits into memory"};
    return false;
  }
  if (text.empty()) {
    fault_ = {Code::not_json, 0, "a JSON value"};
    return false;
  }
  if (capacity_ == 0 && !grow(1)) return false;
  auto& stages = *scanner_->stages;
  const auto failure = stages.stage1(reinterpret_cast<const std::uint8_t*>(text.data()),
                                     text.size(), simdjson::stage1_mode::regular);
  switch (failure) {
    case simdjson::SUCCESS: break;
    case simdjson::UTF8_ERROR:
      fault_ = {Code::not_utf8, valid_utf8_prefix(text), "UTF-8"};
      return false;
    case simdjson::UNCLOSED_STRING:
      fault_ = {Code::not_json, find_bad_string(text, false), "a string that ends"};
      return false;
    case simdjson::UNESCAPED_CHARS:
      fault_ = {Code::not_json, find_bad_string(text, true),
                "control characters in a string to be escaped"};
      return false;
    default:  // EMPTY: nothing but white space
      fault_ = {Code::not_json, text.size(), "a JSON value"};
      return false;
  }
  tokens_ = stages.structural_indexes.get();
  count_ = stages.n_structural_indexes;
  return true;
}

void Index::trim() {
  if (capacity_ <= kept_capacity) return;
  scanner_->stages.reset();
  capacity_ = 0;
  count_ = 0;
}

}  // namespace thalweg::json
