#include "run/http.h"

#include <thread>

#include <fmt/format.h>
#include <httplib.h>

namespace thalweg {
namespace {

constexpr std::size_t threads = 2;
constexpr const char* prometheus_text = "text/plain; version=0.0.4; charset=utf-8";

// The library's own choice lets two processes share a port in silence, and each scrape would meet another one.
void exclusive(socket_t socket) {
  const int yes = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
}

void answer(httplib::Response& response, const std::string& why_not) {
  response.status = why_not.empty() ? 200 : 503;
  response.set_content(why_not.empty() ? "ok\n" : why_not + "\n", "text/plain");
}

}  // namespace

struct HttpServer::Impl {
  std::string address;
  std::uint16_t port;
  HttpHandlers handlers;
  httplib::Server server;
  std::thread thread;
};

HttpServer::HttpServer(std::string address, std::uint16_t port, HttpHandlers handlers)
    : impl_(std::make_unique<Impl>()) {
  impl_->address = std::move(address);
  impl_->port = port;
  impl_->handlers = std::move(handlers);
  auto& server = impl_->server;
  server.new_task_queue = [] { return new httplib::ThreadPool(threads); };
  server.set_socket_options(exclusive);
  server.set_payload_max_length(4096);
  server.set_read_timeout(5, 0);
  server.set_write_timeout(5, 0);
  server.set_keep_alive_max_count(100);
  server.Get("/metrics", [this](const httplib::Request&, httplib::Response& response) {
    response.set_content(impl_->handlers.metrics(), prometheus_text);
  });
  server.Get("/livez", [this](const httplib::Request&, httplib::Response& r) {
    answer(r, impl_->handlers.not_live());
  });
  server.Get("/readyz", [this](const httplib::Request&, httplib::Response& r) {
    answer(r, impl_->handlers.not_ready());
  });
}

HttpServer::~HttpServer() {
  stop();
}

Status HttpServer::start() {
  auto& [address, port, handlers, server, thread] = *impl_;
  const int bound = port == 0 ? server.bind_to_any_port(address)
                              : (server.bind_to_port(address, port) ? port : -1);
  if (bound < 0) {
    return Error(
        Code::io_failed,
        fmt::format(
            "http: {}:{} was expected to be free; it cannot be bound; choose another http.port, "
            "or stop what uses it",
            address, port));
  }
  port = static_cast<std::uint16_t>(bound);
  thread = std::thread([this] { impl_->server.listen_after_bind(); });
  while (!server.is_running()) std::this_thread::yield();
  return {};
}

std::uint16_t HttpServer::port() const noexcept {
  return impl_->port;
}

void HttpServer::stop() {
  impl_->server.stop();
  if (impl_->thread.joinable()) impl_->thread.join();
}

}  // namespace thalweg
