// An HTTP server that is bounded in every direction: connections, bytes, time, threads. For a few callers and against many.
//
//   http::Server server("127.0.0.1", 8080, {{.path = "/livez", .methods = {"GET"}, .answer = [](const auto&) { … }}});
//   if (Status s = server.start(); !s) return s;
//
// One thread serves all connections and never waits for one of them. Handlers run where their route says (route.h).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "thalweg/error.h"

#include "http/counters.h"
#include "http/limits.h"
#include "http/route.h"

namespace thalweg::http {

class Server {
 public:
  Server(std::string address, std::uint16_t port, std::vector<Route> routes, Limits limits = {},
         Fault fault = {});
  ~Server();  // stops

  // Once. Errors: io_failed when the address cannot be bound.
  [[nodiscard]] Status start();
  // The port in use (port 0 asks the system for a free one).
  [[nodiscard]] std::uint16_t port() const noexcept;
  // Takes no more, asks handlers to stop (Request::stop) and waits for them; answers under way have stop_time. May be called twice.
  void stop();

  [[nodiscard]] const Counters& counters() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace thalweg::http
