#include "http/target.h"

#include <algorithm>

#include "json/utf8.h"

namespace thalweg::http {
namespace {

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

std::optional<std::string> decoded(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      const int high = i + 2 < text.size() ? digit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? digit(text[i + 2]) : -1;
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    } else if (c == '+' && plus_is_space) {
      c = ' ';
    }
    if (is_control(c)) return std::nullopt;
    out += c;
  }
  if (!json::valid_utf8(out)) return std::nullopt;
  return out;
}

bool take_query(std::string_view text, std::map<std::string, std::string>& query) {
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(pair.size() + 1, text.size()));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    auto name = decoded(pair.substr(0, equals), true);
    auto value = decoded(pair.substr(std::min(equals + 1, pair.size())), true);
    if (!name || !value) return false;
    if (!name->empty()) query.emplace(*std::move(name), *std::move(value));
  }
  return true;
}

}  // namespace

std::optional<Target> parse_target(std::string_view text) {
  Target target;
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!text.starts_with(scheme)) continue;
    text.remove_prefix(scheme.size());
    const std::size_t end = std::min(text.find_first_of("/?"), text.size());
    target.authority = text.substr(0, end);
    text.remove_prefix(end);
    if (target.authority.empty()) return std::nullopt;
    if (!text.starts_with('/') && (text.empty() || text.front() == '?')) target.path = "/";
    break;
  }
  if (text.find('#') != std::string_view::npos) return std::nullopt;  // never sent by a client
  const std::size_t mark = std::min(text.find('?'), text.size());
  if (target.path.empty()) {
    if (!text.starts_with('/')) return std::nullopt;
    auto path = decoded(text.substr(0, mark), false);
    if (!path) return std::nullopt;
    target.path = *std::move(path);
  }
  if (!take_query(text.substr(std::min(mark + 1, text.size())), target.query)) return std::nullopt;
  return target;
}

}  // namespace thalweg::http
