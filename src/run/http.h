// The HTTP endpoint: /metrics, /livez, /readyz. Off unless configured; loopback unless told otherwise.
//
// Serves on threads of its own; the handlers only read. Requests are bounded (no bodies, short headers, few threads).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "thalweg/error.h"

namespace thalweg {

struct HttpHandlers {
  std::function<std::string()> metrics;    // Prometheus text
  std::function<std::string()> not_ready;  // why not; empty: ready
  std::function<std::string()> not_live;   // why not; empty: alive
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

}  // namespace thalweg
