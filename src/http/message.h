// A request and its answer, apart from the connection they travel on.
#pragma once

#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace thalweg::http {

struct Request {
  std::string method;  // "GET" for HEAD too: what differs is only what is sent back
  std::string path;    // decoded: no "%20", UTF-8, no control characters
  std::map<std::string, std::string> query{};  // decoded; of a name twice the first
  std::vector<std::pair<std::string, std::string>> headers{};
  std::string body{};
  std::string remote_address{};
  std::stop_token stop{};  // asked to stop: the server ends, who waits for something gives up

  // The first of that name, whatever its capitals.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
};

struct Response {
  int status = 200;
  std::string body{};
  std::string content_type = "text/plain; charset=utf-8";
  std::vector<std::pair<std::string, std::string>> headers{};  // more of them
};

// {"error": why}. `why` is a sentence of ours: what a caller sent is not in it.
[[nodiscard]] Response refusal(int status, std::string_view why);

}  // namespace thalweg::http
