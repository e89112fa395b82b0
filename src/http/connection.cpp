#include "http/connection.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <string_view>
#include <utility>

#include "http/target.h"

namespace thalweg::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using beast::http::field;

constexpr std::size_t read_bytes = 4096;
constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";

// What a failed reading says to the caller; nothing: he is gone.
std::optional<Response> wrong(const boost::system::error_code& error, bool in_head,
                              const Limits& limits) {
  namespace h = beast::http;
  if (error == h::error::end_of_stream) return std::nullopt;
  if (error == h::error::header_limit || (in_head && error == h::error::buffer_overflow))
    return refusal(431, "expected a request line and headers of at most " +
                            std::to_string(limits.header_bytes_max) + " bytes");
  if (error == h::error::body_limit)
    return refusal(
        413, "expected a body of at most " + std::to_string(limits.body_bytes_max) + " bytes");
  if (error.category() == h::make_error_code(h::error::bad_target).category())
    return refusal(400, "expected a request of HTTP/1.1 or 1.0: " + error.message());
  return std::nullopt;
}

std::string listed(const std::vector<std::string>& methods) {
  std::string all;
  for (const std::string& method : methods)
    all += (all.empty() ? "" : ", ") + method + (method == "GET" ? ", HEAD" : "");
  return all;
}

}  // namespace

Connection::Connection(Socket socket, Service& service, std::function<void(Connection&)> closed)
    : socket_(std::move(socket)),
      service_(service),
      closed_(std::move(closed)),
      timer_(socket_.get_executor()),
      buffer_(service.limits.header_bytes_max + read_bytes) {}

// --- phases and their time -------------------------------------------------------------------------------------------

void Connection::enter(Phase phase, Limits::Time at_most) {
  phase_ = phase;
  since_ = Clock::now();
  too_slow_ = false;
  timer_.expires_after(at_most);
  timer_.async_wait([self = shared_from_this(), n = ++entered_](const Error& error) {
    if (!error && n == self->entered_) self->expired();
  });
}

void Connection::expired() {
  switch (phase_) {
    case Phase::reading:
      service_.counters.drop(Dropped::request_time);
      too_slow_ = true;
      socket_.cancel();  // the reading ends, and answers
      return;
    case Phase::answering: {
      service_.counters.drop(Dropped::answer_time);
      last_ = true;
      Response late = refusal(503, "the answer took too long; what was asked may still be done");
      return reply(std::make_shared<const Response>(std::move(late)));
    }
    case Phase::writing: service_.counters.drop(Dropped::write_time); return close();
    default: return close();
  }
}

bool Connection::ended(const Error& error) {
  if (phase_ == Phase::closed) return true;
  if (!error && !too_slow_) return false;
  const bool in_head = !parser_ || !parser_->is_header_done();
  last_ = true;
  std::optional<Response> why = wrong(error, in_head, service_.limits);
  if (too_slow_) why = refusal(408, "expected the whole request sooner");
  if (why) {
    reply(std::make_shared<const Response>(*std::move(why)));
  } else {
    close();
  }
  return true;
}

int Connection::droppable() const noexcept {
  switch (phase_) {
    case Phase::idle:
    case Phase::leaving: return 4;
    case Phase::reading: return 3;
    case Phase::writing: return 2;
    case Phase::answering: return route_ != nullptr && route_->runs == Runs::pooled ? 0 : 1;
    case Phase::closed: return 0;
  }
  return 0;
}

void Connection::finish() {
  last_ = true;
  if (phase_ != Phase::answering && phase_ != Phase::writing) close();
}

void Connection::give_up() {
  if (phase_ == Phase::answering) close();
}

void Connection::close() {
  if (phase_ == Phase::closed) return;
  phase_ = Phase::closed;
  ++entered_;
  timer_.cancel();
  Error ignored;  // what is left of a caller who is gone
  socket_.close(ignored);
  closed_(*this);
}

// --- a request -------------------------------------------------------------------------------------------------------

void Connection::start() {
  Error gone;
  socket_.set_option(asio::ip::tcp::no_delay(true), gone);
  wait_for_request();
}

void Connection::wait_for_request() {
  parser_.reset();
  if (buffer_.size() > 0) return read_head();  // pipelined
  enter(Phase::idle, answered_ == 0 ? service_.limits.request_time : service_.limits.idle_time);
  socket_.async_read_some(buffer_.prepare(read_bytes),
                          [self = shared_from_this()](const Error& error, std::size_t bytes) {
                            if (self->phase_ == Phase::closed) return;
                            if (error) return self->close();
                            self->buffer_.commit(bytes);
                            self->read_head();
                          });
}

void Connection::read_head() {
  enter(Phase::reading, service_.limits.request_time);
  head_only_ = false;
  route_ = nullptr;
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(service_.limits.header_bytes_max));
  parser_->body_limit(service_.limits.body_bytes_max);
  beast::http::async_read_header(socket_, buffer_, *parser_,
                                 [self = shared_from_this()](const Error& error, std::size_t) {
                                   if (!self->ended(error)) self->judge_head();
                                 });
}

void Connection::judge_head() {
  if (auto no = take_head()) {
    // What he is sending is not read. Without a body the next request can be.
    last_ = last_ || !parser_->is_done();
    return reply(std::make_shared<const Response>(*std::move(no)));
  }
  if (parser_->is_done()) return ask();
  welcome_body();
}

// A request of the parser's header; what is wrong with it.
std::optional<Response> Connection::take_head() {
  const auto& head = parser_->get();
  request_ = std::make_shared<Request>();
  request_->stop = service_.stopping.get_token();
  head_only_ = head.method() == beast::http::verb::head;
  request_->method = head_only_ ? "GET" : std::string(head.method_string());
  for (const auto& line : head)
    request_->headers.emplace_back(std::string(line.name_string()), std::string(line.value()));
  Error gone;
  request_->remote_address = socket_.remote_endpoint(gone).address().to_string();
  if (head.version() != 11 && head.version() != 10) return refusal(505, "expected HTTP/1.1 or 1.0");
  const std::size_t hosts = head.count(field::host);
  if (hosts > 1 || (hosts == 0 && head.version() == 11))
    return refusal(400, "expected the header Host once");
  const auto text = head.target();
  auto target = parse_target({text.data(), text.size()});
  if (!target) return refusal(400, "expected a target /path?query, in UTF-8 behind its escapes");
  request_->path = std::move(target->path);
  request_->query = std::move(target->query);
  if (!target->authority.empty())  // it counts, not the header
    request_->headers.emplace(request_->headers.begin(), "Host", std::move(target->authority));

  route_ = service_.find(request_->path);
  if (route_ == nullptr) return refusal(404, "expected one of the paths of docs/metrics.md");
  const auto& methods = route_->methods;
  if (std::find(methods.begin(), methods.end(), request_->method) == methods.end()) {
    Response no = refusal(405, "expected a method that the header Allow names");
    no.headers.emplace_back("Allow", listed(methods));
    return no;
  }
  if (auto no = service_.refused(*route_, *request_)) return no;
  const auto expected = head[field::expect];
  if (!expected.empty() && !beast::iequals(expected, "100-continue"))
    return refusal(417, "expected no other expectation than 100-continue");
  return std::nullopt;
}

void Connection::welcome_body() {
  if (parser_->get()[field::expect].empty() || parser_->get().version() < 11) return read_body();
  asio::async_write(socket_, asio::buffer(go_on.data(), go_on.size()),
                    [self = shared_from_this()](const Error& error, std::size_t) {
                      if (!self->ended(error)) self->read_body();
                    });
}

void Connection::read_body() {
  beast::http::async_read(socket_, buffer_, *parser_,
                          [self = shared_from_this()](const Error& error, std::size_t) {
                            if (!self->ended(error)) self->ask();
                          });
}

// --- its answer ------------------------------------------------------------------------------------------------------

void Connection::ask() {
  enter(Phase::answering, service_.limits.answer_time);
  request_->body = std::move(parser_->get().body());
  // Whoever answers does so on this thread again, where it may be too late.
  Answered done = [self = shared_from_this(),
                   n = entered_](std::shared_ptr<const Response> response) {
    asio::post(self->socket_.get_executor(), [self, n, response = std::move(response)] {
      if (n == self->entered_) self->reply(response);
    });
  };
  if (service_.answer(*route_, std::exchange(request_, nullptr), std::move(done))) return;
  Response busy = refusal(503, "all threads are at work; try again in a second");
  busy.headers.emplace_back("Retry-After", "1");
  reply(std::make_shared<const Response>(std::move(busy)));
}

void Connection::reply(std::shared_ptr<const Response> response) {
  enter(Phase::writing, service_.limits.write_time);
  response_ = std::move(response);
  const auto status = static_cast<std::size_t>(response_->status);
  if (status < service_.counters.responses.size()) ++service_.counters.responses[status];
  last_ = last_ || !parser_->get().keep_alive() || ++answered_ >= service_.limits.requests_max;
  const unsigned version = parser_->get().version();
  answer_.emplace(static_cast<beast::http::status>(response_->status), version == 10 ? 10u : 11u);
  answer_->set(field::content_type, response_->content_type);
  answer_->set(field::cache_control, "no-store");
  answer_->set("X-Content-Type-Options", "nosniff");
  for (const auto& [name, value] : response_->headers) answer_->set(name, value);
  answer_->body() = {response_->body.data(), response_->body.size()};
  answer_->content_length(response_->body.size());
  answer_->keep_alive(!last_);
  serializer_.emplace(*answer_);
  auto then = [self = shared_from_this()](const Error& error, std::size_t) {
    self->written(error);
  };
  if (head_only_) return beast::http::async_write_header(socket_, *serializer_, std::move(then));
  beast::http::async_write(socket_, *serializer_, std::move(then));
}

void Connection::written(const Error& error) {
  if (phase_ == Phase::closed) return;
  if (error) return close();
  response_.reset();
  if (last_) return leave();
  wait_for_request();
}

// --- the end ---------------------------------------------------------------------------------------------------------

void Connection::leave() {
  enter(Phase::leaving, service_.limits.farewell_time);
  Error gone;
  socket_.shutdown(Socket::shutdown_send, gone);
  if (gone || service_.stopping.stop_requested()) return close();
  buffer_.clear();
  discard();
}

// What he still sends, until he hears that nobody listens.
void Connection::discard() {
  socket_.async_read_some(buffer_.prepare(read_bytes),
                          [self = shared_from_this()](const Error& error, std::size_t) {
                            if (self->phase_ == Phase::closed) return;
                            if (error) return self->close();
                            self->discard();
                          });
}

}  // namespace thalweg::http
