// The HTTP endpoint: /metrics, /livez, /readyz, and the control API under /v2. Off unless configured; loopback unless told otherwise.
//
// The server below it (http/server.h) bounds callers in number, bytes and time. Health is answered on the server's own thread, whatever
// else hangs; pages on one thread, the API on a few. With a token every call of the API needs it; without one, what changes something
// or shows records is only for callers on this machine, and never for a web page.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "thalweg/error.h"

#include "control/api.h"
#include "http/counters.h"
#include "http/limits.h"
#include "http/route.h"

namespace thalweg {

struct HttpHandlers {
  std::function<std::string()> metrics;  // Prometheus text
  // Health: read numbers, and take no lock that somebody holds for long.
  std::function<std::string()> not_ready;  // why not; empty: ready
  std::function<std::string()> not_live;   // why not; empty: alive
  // What a ready process has to say beside "ok"; may be empty.
  std::function<std::string()> remark{};
  // Empty: there is no API.
  std::function<control::ApiReply(const control::ApiRequest&)> api{};
  std::string token{};                        // empty: none
  std::function<std::string()> monitoring{};  // JSON: drift and comparisons; none: not served
  http::Fault fault{};                        // what one of these has thrown: for the log
};

class HttpServer {
 public:
  HttpServer(std::string address, std::uint16_t port, HttpHandlers handlers,
             const http::Limits& limits = {});
  ~HttpServer();  // stops

  // Errors: io_failed when the port is taken.
  [[nodiscard]] Status start();
  // The port in use (port 0 asks the system for a free one).
  [[nodiscard]] std::uint16_t port() const noexcept;
  // Waits for calls of the API that run; they are asked to give up (ApiRequest::stop).
  void stop();

  [[nodiscard]] const http::Counters& counters() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The server's own figures, in Prometheus' text format.
[[nodiscard]] std::string http_page(const http::Counters& counters);

// 127.0.0.1, ::1, localhost and their like.
[[nodiscard]] bool is_loopback(const std::string& host);
// In a time that does not depend on where they differ.
[[nodiscard]] bool same_secret(const std::string& one, const std::string& other);

}  // namespace thalweg
