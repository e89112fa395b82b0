// One caller: his requests one after the other, each step of them bounded in time and bytes.
//
//            first byte            last byte            handler            sent
//   idle ─────────────▶ reading ─────────────▶ answering ───────▶ writing ─────▶ idle (kept alive)
//     │ idle_time          │ request_time: 408     │ answer_time: 503  │ write_time  └▶ leaving ─▶ closed
//     ▼                    ▼ and wrong ones: 4xx   ▼                   ▼
//   closed             writing                 writing              closed
//
// Lives on the server's one thread; handlers answer from others, by a message to it. What has been refused before it was read to its
// end is not cut off at once: the caller, still sending, would see a reset and not why (`leaving`).
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/span_body.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "http/service.h"

namespace thalweg::http {

enum class Phase { idle, reading, answering, writing, leaving, closed };

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  using Clock = std::chrono::steady_clock;
  using Socket = boost::asio::ip::tcp::socket;

  // The service outlives it. `closed` is called once, when it is.
  Connection(Socket socket, Service& service, std::function<void(Connection&)> closed);

  void start();
  // The answer under way is the last one; who has not asked yet is not waited for.
  void finish();
  // No handler will answer any more: closes where one was waited for.
  void give_up();
  void close();

  // Which of two to drop for a newer one: the higher, then the older. 0: neither, a handler that may have changed something works
  // for it.
  [[nodiscard]] int droppable() const noexcept;
  [[nodiscard]] Clock::time_point since() const noexcept { return since_; }

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  using Answer = boost::beast::http::response<boost::beast::http::span_body<const char>>;
  using Error = boost::system::error_code;

  void enter(Phase phase, Limits::Time at_most);
  void expired();
  // True: there is no more to do after this failure, or it is being answered.
  [[nodiscard]] bool ended(const Error& error);

  void wait_for_request();
  void read_head();
  void judge_head();
  [[nodiscard]] std::optional<Response> take_head();
  void welcome_body();
  void read_body();
  void ask();
  void reply(std::shared_ptr<const Response> response);
  void written(const Error& error);
  void leave();
  void discard();

  Socket socket_;
  Service& service_;
  std::function<void(Connection&)> closed_;
  boost::asio::steady_timer timer_;
  Phase phase_ = Phase::idle;
  Clock::time_point since_ = Clock::now();
  std::uint64_t entered_ = 0;  // phases so far: a timer or an answer of an earlier one is late
  bool too_slow_ = false;      // the request did not come in time
  bool last_ = false;          // no request after this one

  boost::beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  std::shared_ptr<Request> request_;
  const Route* route_ = nullptr;
  bool head_only_ = false;
  std::size_t answered_ = 0;

  std::shared_ptr<const Response> response_;
  std::optional<Answer> answer_;
  std::optional<boost::beast::http::response_serializer<boost::beast::http::span_body<const char>>>
      serializer_;
};

}  // namespace thalweg::http
