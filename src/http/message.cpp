#include "http/message.h"

#include <algorithm>

#include <fmt/format.h>

namespace thalweg::http {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

std::optional<std::string_view> Request::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (std::equal(key.begin(), key.end(), name.begin(), name.end(),
                   [](char a, char b) { return lower(a) == lower(b); }))
      return value;
  }
  return std::nullopt;
}

Response refusal(int status, std::string_view why) {
  return {status, fmt::format("{{\"error\":\"{}\"}}\n", why), "application/json"};
}

}  // namespace thalweg::http
