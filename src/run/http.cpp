#include "run/http.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "http/server.h"

namespace thalweg {
namespace {

constexpr const char* prometheus_text = "text/plain; version=0.0.4; charset=utf-8";

http::Response health(const std::string& why_not, const std::string& remark) {
  return {why_not.empty() ? 200 : 503, why_not.empty() ? "ok\n" + remark : why_not + "\n"};
}

// "[::1]:8080" → "::1", "localhost:8080" → "localhost".
std::string host_of(std::string_view header) {
  if (header.starts_with('[')) return std::string(header.substr(1, header.find(']') - 1));
  return std::string(header.substr(0, header.find(':')));
}

control::ApiRequest call_of(const http::Request& request) {
  return {request.method, request.path, request.query, request.body, request.stop};
}

std::optional<http::Response> refused(const http::Request& request, const std::string& token,
                                      const std::string& address) {
  if (!token.empty()) {
    const std::string sent(request.header("Authorization").value_or(""));
    if (sent.starts_with("Bearer ") && same_secret(sent.substr(7), token)) return std::nullopt;
    auto no = http::refusal(
        401, "expected the header Authorization: Bearer TOKEN with the token of http.token");
    no.headers.emplace_back("WWW-Authenticate", "Bearer");
    return no;
  }
  if (!control::is_guarded(call_of(request))) return std::nullopt;
  if (!is_loopback(address) || !is_loopback(request.remote_address))
    return http::refusal(
        403, "expected a token, since http.address is open to the network; set http.token");
  // A page in somebody's browser reaches this machine too, under its own name or one that it made point here.
  if (request.header("Origin") || !is_loopback(host_of(request.header("Host").value_or(""))))
    return http::refusal(
        403, "expected a caller on this machine and no web page; set http.token for others");
  return std::nullopt;
}

}  // namespace

struct HttpServer::Impl {
  Impl(std::string host, HttpHandlers given)
      : address(std::move(host)), handlers(std::move(given)) {}

  [[nodiscard]] std::vector<http::Route> routes() {
    using http::Runs;
    std::vector<http::Route> all{
        {"/livez",
         {"GET"},
         Runs::at_once,
         [this](const auto&) { return health(handlers.not_live(), ""); }},
        {"/readyz",
         {"GET"},
         Runs::at_once,
         [this](const auto&) {
           return health(handlers.not_ready(), handlers.remark ? handlers.remark() : "");
         }},
        {"/metrics",
         {"GET"},
         Runs::shared,
         [this](const auto&) {
           return http::Response{200, handlers.metrics() + http_page(server->counters()),
                                 prometheus_text};
         }},
        // It tells what the fields hold: with a token it is for who has it.
        {"/monitoring",
         {"GET"},
         Runs::shared,
         [this](const auto&) {
           return http::Response{200, handlers.monitoring ? handlers.monitoring() : "[]",
                                 "application/json"};
         },
         [this](const http::Request& request) {
           return refused(request, handlers.token, address);
         }}};
    if (!handlers.api) return all;
    all.push_back({"/v2/",
                   {"GET", "POST"},
                   Runs::pooled,
                   [this](const http::Request& request) {
                     const control::ApiReply reply = handlers.api(call_of(request));
                     http::Response response{reply.status, reply.body + "\n", "application/json"};
                     if (!reply.allow.empty()) response.headers.emplace_back("Allow", reply.allow);
                     return response;
                   },
                   [this](const http::Request& request) {
                     return refused(request, handlers.token, address);
                   }});
    return all;
  }

  const std::string address;
  const HttpHandlers handlers;
  std::optional<http::Server> server;
};

HttpServer::HttpServer(std::string address, std::uint16_t port, HttpHandlers handlers,
                       const http::Limits& limits)
    : impl_(std::make_unique<Impl>(address, std::move(handlers))) {
  impl_->server.emplace(std::move(address), port, impl_->routes(), limits, impl_->handlers.fault);
}

HttpServer::~HttpServer() = default;

Status HttpServer::start() {
  return impl_->server->start();
}

std::uint16_t HttpServer::port() const noexcept {
  return impl_->server->port();
}

void HttpServer::stop() {
  impl_->server->stop();
}

const http::Counters& HttpServer::counters() const noexcept {
  return impl_->server->counters();
}

std::string http_page(const http::Counters& counters) {
  std::string page;
  const auto family = [&](std::string_view name, std::string_view type, std::string_view help) {
    page += fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n", name, help, type);
  };
  family("thalweg_http_connections_open", "gauge", "Connections open to the endpoint.");
  page += fmt::format("thalweg_http_connections_open {}\n", counters.connections.load());
  family("thalweg_http_connections_total", "counter", "Connections taken.");
  page += fmt::format("thalweg_http_connections_total {}\n", counters.accepted.load());
  family("thalweg_http_responses_total", "counter", "Answers by status.");
  for (std::size_t status = 0; status < counters.responses.size(); ++status) {
    if (const auto n = counters.responses[status].load(); n > 0)
      page += fmt::format("thalweg_http_responses_total{{code=\"{}\"}} {}\n", status, n);
  }
  family("thalweg_http_connections_dropped_total", "counter",
         "Connections that a bound ended, by reason.");
  for (std::size_t why = 0; why < http::dropped_count; ++why)
    page +=
        fmt::format("thalweg_http_connections_dropped_total{{reason=\"{}\"}} {}\n",
                    http::to_string(static_cast<http::Dropped>(why)), counters.dropped[why].load());
  return page;
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

}  // namespace thalweg
