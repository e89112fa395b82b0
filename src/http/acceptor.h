// Takes new callers, and makes room for them: of too many the one goes that has rested or dawdled longest.
//
// So a crowd that opens connections and says nothing, or says it slowly, keeps nobody out: whoever has something to ask asks it within
// the time that others are left undisturbed. A caller for whom a handler works that may have changed something stays.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "http/connection.h"

namespace thalweg::http {

class Acceptor {
 public:
  Acceptor(boost::asio::io_context& io, Service& service);

  // Listens; why not, or "". Before the thread of `io` runs.
  [[nodiscard]] std::string open(const std::string& address, std::uint16_t port);
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  // No more of them, and those there are finish. On the thread of `io`.
  void stop();
  // Handlers have ended; who still waits for one waits in vain. Behind stop().
  void give_up();

 private:
  [[nodiscard]] std::vector<std::shared_ptr<Connection>> all() const;
  void accept();
  void take();
  [[nodiscard]] bool make_room();
  void try_again(Limits::Time later);
  void closed(Connection& connection);

  boost::asio::io_context& io_;
  Service& service_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer timer_;
  std::uint16_t port_ = 0;
  bool stopped_ = false;
  std::optional<Connection::Socket> waiting_;  // accepted; there is no room yet
  std::unordered_map<const Connection*, std::shared_ptr<Connection>> connections_;
};

}  // namespace thalweg::http
