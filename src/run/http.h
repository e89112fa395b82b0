// The HTTP endpoint: /metrics, /livez, /readyz, and the control API under /v2. Off unless configured; loopback unless told otherwise.
//
// Serves on threads of its own. Requests are bounded (small bodies, short headers, few threads). With a token every call of the API
// needs it; without one, what changes something or shows records is only for callers on this machine, and never for a web page.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "thalweg/error.h"

#include "control/api.h"

namespace thalweg {

struct HttpHandlers {
  std::function<std::string()> metrics;    // Prometheus text
  std::function<std::string()> not_ready;  // why not; empty: ready
  std::function<std::string()> not_live;   // why not; empty: alive
  // What a ready process has to say beside "ok"; may be empty.
  std::function<std::string()> remark{};
  // Empty: there is no API.
  std::function<control::ApiReply(const control::ApiRequest&)> api{};
  std::string token{};                        // empty: none
  std::function<std::string()> monitoring{};  // JSON: drift and comparisons; none: not served
};

class HttpServer {
 public:
  HttpServer(std::string address, std::uint16_t port, HttpHandlers handlers);
  ~HttpServer();  // stops

  // Errors: io_failed when the port is taken.
  [[nodiscard]] Status start();
  // The port in use (port 0 asks the system for a free one).
  [[nodiscard]] std::uint16_t port() const noexcept;
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// 127.0.0.1, ::1, localhost and their like.
[[nodiscard]] bool is_loopback(const std::string& host);
// In a time that does not depend on where they differ.
[[nodiscard]] bool same_secret(const std::string& one, const std::string& other);

}  // namespace thalweg
