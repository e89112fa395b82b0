// See pointer.h.
#include "json/pointer.h"

#include <charconv>

#include <fmt/format.h>

#include "json/string.h"

namespace thalweg::json {

namespace {

bool same_key(std::string_view raw, const std::string& wanted) {
  if (!has_escapes(raw)) return raw == wanted;
  std::string text(raw.size(), '\0');
  const auto length = unescape(raw, text.data());
  return length && std::string_view(text).substr(0, *length) == wanted;
}

// Moves to the value of member `key` of the object at hand.
bool go_to_member(Walker& walker, const std::string& key) {
  if (!walker.enter_object()) return false;
  std::string_view raw;
  for (bool first = true; walker.next_member(first, raw); first = false) {
    if (same_key(raw, key)) return true;
    if (!walker.skip()) return false;
  }
  return false;
}

bool go_to_element(Walker& walker, std::string_view step) {
  const auto wanted = as_index(step);
  if (!wanted || !walker.enter_array()) return false;
  for (std::size_t i = 0; walker.next_element(i == 0); ++i) {
    if (i == *wanted) return true;
    if (!walker.skip()) return false;
  }
  return false;
}

}  // namespace

std::string Pointer::to_string() const {
  std::string out;
  for (const std::string& step : steps) {
    out += '/';
    for (const char c : step) {
      if (c == '~') {
        out += "~0";
      } else if (c == '/') {
        out += "~1";
      } else {
        out += c;
      }
    }
  }
  return out;
}

Result<Pointer> parse_pointer(std::string_view text) {
  Pointer pointer;
  if (text.empty()) return pointer;
  if (text.front() != '/') {
    return Error(Code::config_invalid,
                 fmt::format("expected a JSON Pointer; got '{}'; write '/{}'", text, text));
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '/') {
      pointer.steps.emplace_back();
    } else if (c != '~') {
      pointer.steps.back() += c;
    } else if (i + 1 < text.size() && (text[i + 1] == '0' || text[i + 1] == '1')) {
      pointer.steps.back() += text[++i] == '0' ? '~' : '/';
    } else {
      return Error(
          Code::config_invalid,
          fmt::format("expected '~0' (for '~') or '~1' (for '/') in a JSON Pointer; got '{}'",
                      text));
    }
  }
  return pointer;
}

std::optional<std::size_t> as_index(std::string_view step) noexcept {
  if (step.empty() || (step.size() > 1 && step.front() == '0')) return std::nullopt;
  std::size_t value = 0;
  const auto [end, failure] = std::from_chars(step.data(), step.data() + step.size(), value);
  if (failure != std::errc{} || end != step.data() + step.size()) return std::nullopt;
  return value;
}

std::optional<std::string_view> find(Walker& walker, const Pointer& pointer) {
  for (const std::string& step : pointer.steps) {
    const Kind kind = walker.kind();
    if (kind == Kind::object) {
      if (!go_to_member(walker, step)) return std::nullopt;
    } else if (kind != Kind::array || !go_to_element(walker, step)) {
      return std::nullopt;
    }
  }
  std::string_view span;
  if (!walker.skip(span)) return std::nullopt;
  return span;
}

}  // namespace thalweg::json
