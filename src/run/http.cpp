#include "run/http.h"

#include <algorithm>
#include <thread>

#include <fmt/format.h>
#include <httplib.h>

namespace thalweg {
namespace {

constexpr std::size_t threads = 4;  // a peek may wait a while
constexpr std::size_t body_bytes_max = 256 * 1024;
constexpr const char* prometheus_text = "text/plain; version=0.0.4; charset=utf-8";

// The library's own choice lets two processes share a port in silence, and each scrape would meet another one.
void exclusive(socket_t socket) {
  const int yes = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
}

void answer(httplib::Response& response, const std::string& why_not, const std::string& remark) {
  response.status = why_not.empty() ? 200 : 503;
  response.set_content(why_not.empty() ? "ok\n" + remark : why_not + "\n", "text/plain");
}

// "[::1]:8080" → "::1", "localhost:8080" → "localhost".
std::string host_of(const std::string& header) {
  if (header.starts_with('[')) return header.substr(1, header.find(']') - 1);
  return header.substr(0, header.find(':'));
}

struct Refusal {
  int status = 0;  // 0: none
  const char* why = "";
};

Refusal refusal(const httplib::Request& request, const control::ApiRequest& call,
                const std::string& token, const std::string& address) {
  if (!token.empty()) {
    const std::string sent = request.get_header_value("Authorization");
    if (sent.starts_with("Bearer ") && same_secret(sent.substr(7), token)) return {};
    return {401, "expected the header Authorization: Bearer TOKEN with the token of http.token"};
  }
  if (!control::is_guarded(call)) return {};
  if (!is_loopback(address) || !is_loopback(request.remote_addr))
    return {403, "expected a token, since http.address is open to the network; set http.token"};
  // A page in somebody's browser reaches this machine too, under its own name or one that it made point here.
  if (request.has_header("Origin") || !is_loopback(host_of(request.get_header_value("Host"))))
    return {403, "expected a caller on this machine and no web page; set http.token for others"};
  return {};
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
  server.set_payload_max_length(body_bytes_max);
  server.set_read_timeout(5, 0);
  server.set_write_timeout(5, 0);
  server.set_keep_alive_max_count(100);
  server.Get("/metrics", [this](const httplib::Request&, httplib::Response& response) {
    response.set_content(impl_->handlers.metrics(), prometheus_text);
  });
  server.Get("/monitoring", [this](const httplib::Request&, httplib::Response& response) {
    const auto& monitoring = impl_->handlers.monitoring;
    response.set_content(monitoring ? monitoring() : "[]", "application/json");
  });
  server.Get("/livez", [this](const httplib::Request&, httplib::Response& r) {
    answer(r, impl_->handlers.not_live(), "");
  });
  server.Get("/readyz", [this](const httplib::Request&, httplib::Response& r) {
    const auto& remark = impl_->handlers.remark;
    answer(r, impl_->handlers.not_ready(), remark ? remark() : "");
  });
  if (!impl_->handlers.api) return;
  const auto api = [this](const httplib::Request& request, httplib::Response& response) {
    control::ApiRequest call{request.method, request.path, {}, request.body};
    for (const auto& [name, value] : request.params) call.query.emplace(name, value);
    const Refusal no = refusal(request, call, impl_->handlers.token, impl_->address);
    const control::ApiReply reply =
        no.status == 0 ? impl_->handlers.api(call)
                       : control::ApiReply{no.status, fmt::format(R"({{"error":"{}"}})", no.why)};
    if (no.status == 401) response.set_header("WWW-Authenticate", "Bearer");
    response.status = reply.status;
    response.set_content(reply.body + "\n", "application/json");
  };
  server.Get("/v2/.*", api);
  server.Post("/v2/.*", api);
}

bool is_loopback(const std::string& host) {
  return host == "localhost" || host == "::1" || host == "::ffff:127.0.0.1" ||
         (host.starts_with("127.") && std::all_of(host.begin(), host.end(), [](char c) {
            return c == '.' || (c >= '0' && c <= '9');
          }));
}

bool same_secret(const std::string& one, const std::string& other) {
  // Every byte of what was sent is looked at, whatever the secret is.
  unsigned difference = one.size() == other.size() ? 0 : 1;
  for (std::size_t i = 0; i < one.size(); ++i)
    difference |= static_cast<unsigned char>(one[i]) ^
                  static_cast<unsigned char>(other.empty() ? 0 : other[i % other.size()]);
  return difference == 0;
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
