// See walker.h.
#include "json/walker.h"

#include "json/number.h"
#include "json/string.h"

namespace thalweg::json {

std::string_view to_string(Kind kind) noexcept {
  switch (kind) {
    case Kind::object: return "an object";
    case Kind::array: return "an array";
    case Kind::string: return "a string";
    case Kind::number: return "a number";
    case Kind::boolean: return "a boolean";
    case Kind::null: return "null";
    case Kind::none: return "no value";
  }
  return "no value";
}

Kind Walker::kind() const noexcept {
  switch (peek()) {
    case '{': return Kind::object;
    case '[': return Kind::array;
    case '"': return Kind::string;
    case 't':
    case 'f': return Kind::boolean;
    case 'n': return Kind::null;
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9': return Kind::number;
    default: return Kind::none;
  }
}

bool Walker::fail_at(std::uint32_t at, std::string_view expected, Code code) noexcept {
  fault_ = {code, at, expected};
  failed_ = true;
  return false;
}

bool Walker::fail(std::string_view expected) noexcept {
  return fail_at(token_ < last_ ? *token_ : size_, expected);
}

bool Walker::too_deep() noexcept {
  return fail_at(*token_, "no more levels than `depth_max`", Code::too_deep);
}

bool Walker::check_escapes(std::string_view raw) noexcept {
  if (!has_escapes(raw)) return true;
  std::size_t bad = 0;
  if (valid_escapes(raw, &bad)) return true;
  // A lone half of a surrogate pair is well-formed JSON that stands for no text.
  const bool surrogate = bad + 1 < raw.size() && raw[bad + 1] == 'u' && bad + 3 < raw.size() &&
                         (raw[bad + 2] | 0x20) == 'd';
  const auto at = static_cast<std::uint32_t>(raw.data() - text_ + static_cast<std::ptrdiff_t>(bad));
  return surrogate ? fail_at(at, "both halves of a surrogate pair", Code::not_utf8)
                   : fail_at(at, "a valid escape");
}

bool Walker::skip_scalar() noexcept {
  if (peek() == '"') return check_escapes(raw_string());
  const auto* const token = token_;
  const Kind what = kind();
  const std::string_view raw = what == Kind::none ? "" : raw_scalar();
  const bool right = what == Kind::number    ? is_number(raw, Grammar::json)
                     : what == Kind::boolean ? raw == "true" || raw == "false"
                     : what == Kind::null    ? raw == "null"
                                             : false;
  if (right) return true;
  token_ = token;
  return fail("a JSON value");
}

bool Walker::skip_key() noexcept {
  std::string_view key;
  return member_key(key) && check_escapes(key);
}

// Behind a value: closes the containers that end here, then says whether a further value follows. False: a fault.
bool Walker::close_ended(std::size_t& open, bool& more) noexcept {
  more = false;
  while (open > 0) {
    const bool object = object_at_[open];
    const char c = peek();
    if (c == (object ? '}' : ']')) {
      leave();
      --open;
      continue;
    }
    if (!take(',', object ? "',' or '}' after a member" : "',' or ']' after an element"))
      return false;
    more = true;
    return !object || skip_key();
  }
  return true;
}

bool Walker::skip() noexcept {
  std::size_t open = 0;  // containers of this value that are open
  bool more = true;
  while (more) {
    const char c = peek();
    if (c == '{' || c == '[') {
      if (!enter()) return false;
      object_at_[++open] = c == '{';
      if (peek() != (c == '{' ? '}' : ']')) {
        if (c == '{' && !skip_key()) return false;
        continue;
      }
    } else if (!skip_scalar()) {
      return false;
    }
    if (!close_ended(open, more)) return false;
  }
  return true;
}

bool Walker::skip(std::string_view& span) noexcept {
  const std::uint32_t begin = token_ < last_ ? *token_ : size_;
  if (!skip()) return false;
  std::uint32_t end = *token_;
  while (end > begin && is_space(text_[end - 1])) --end;
  span = {text_ + begin, end - begin};
  return true;
}

bool Walker::finish() noexcept {
  return token_ == last_ || fail("nothing behind the value");
}

}  // namespace thalweg::json
