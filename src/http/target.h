// A request's target, "/v2/models/m/status?pipeline=p", taken apart. Strangers' bytes: fuzz/http_target_fuzz.cpp.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace thalweg::http {

struct Target {
  std::string path;                          // decoded
  std::map<std::string, std::string> query;  // decoded, '+' is a space; of a name twice the first
  std::string authority;                     // of "http://host:port/…"; else empty
};

// Nothing: neither "/path?query" nor "http://authority/path?query", a broken %-escape, or decoded no text (UTF-8 without control
// characters).
[[nodiscard]] std::optional<Target> parse_target(std::string_view text);

}  // namespace thalweg::http
