#include "http/acceptor.h"

#include <algorithm>
#include <tuple>
#include <utility>
#include <vector>

namespace thalweg::http {

using boost::asio::ip::tcp;
using Error = boost::system::error_code;

Acceptor::Acceptor(boost::asio::io_context& io, Service& service)
    : io_(io), service_(service), acceptor_(io), timer_(io) {}

std::string Acceptor::open(const std::string& address, std::uint16_t port) {
  Error error;
  const auto found =
      tcp::resolver(io_).resolve(address, std::to_string(port),
                                 tcp::resolver::passive | tcp::resolver::numeric_service, error);
  for (const auto& entry : found) {
    const tcp::endpoint endpoint = entry.endpoint();
    error = {};
    Error ignored;
    if (acceptor_.is_open()) acceptor_.close(ignored);
    acceptor_.open(endpoint.protocol(), error);
    // A port whose last connections are not forgotten yet may be had again, but never shared: each scrape would meet another process.
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(tcp::acceptor::max_listen_connections, error);
    if (!error) port_ = acceptor_.local_endpoint(error).port();
    if (error) continue;
    accept();
    return "";
  }
  return error ? error.message() : "no such address";
}

void Acceptor::accept() {
  if (stopped_) return;
  acceptor_.async_accept([this](const Error& error, Connection::Socket socket) {
    if (stopped_) return;
    // No file descriptor is left, or the caller is gone already: not at once again, or it would spin.
    if (error) return try_again(service_.limits.undisturbed_time);
    waiting_ = std::move(socket);
    take();
  });
}

// The one that waits, as soon as there is room.
void Acceptor::take() {
  if (connections_.size() >= service_.limits.connections_max && !make_room())
    return try_again(service_.limits.undisturbed_time / 4 + Limits::Time(1));
  auto connection = std::make_shared<Connection>(*std::exchange(waiting_, std::nullopt), service_,
                                                 [this](Connection& c) { closed(c); });
  connections_.emplace(connection.get(), connection);
  ++service_.counters.accepted;
  ++service_.counters.connections;
  connection->start();
  accept();
}

// Callers who wait meanwhile stand in the system's queue, in their order.
void Acceptor::try_again(Limits::Time later) {
  timer_.expires_after(later);
  timer_.async_wait([this](const Error& error) {
    if (error || stopped_) return;
    if (waiting_) {
      take();
    } else {
      accept();
    }
  });
}

bool Acceptor::make_room() {
  const auto old_enough = Connection::Clock::now() - service_.limits.undisturbed_time;
  Connection* chosen = nullptr;
  for (const auto& [connection, owned] : connections_) {
    if (owned->droppable() == 0 || owned->since() > old_enough) continue;
    if (chosen == nullptr || std::tuple(-owned->droppable(), owned->since()) <
                                 std::tuple(-chosen->droppable(), chosen->since()))
      chosen = owned.get();
  }
  if (chosen == nullptr) return false;
  service_.counters.drop(Dropped::crowded);
  chosen->close();
  return true;
}

void Acceptor::closed(Connection& connection) {
  --service_.counters.connections;
  connections_.erase(&connection);
  if (stopped_ && connections_.empty()) timer_.cancel();
}

void Acceptor::stop() {
  stopped_ = true;
  Error ignored;
  acceptor_.close(ignored);
  waiting_.reset();
  timer_.expires_after(service_.limits.stop_time);
  timer_.async_wait([this](const Error&) {
    for (const auto& connection : all()) connection->close();
  });
  for (const auto& connection : all()) connection->finish();
  if (connections_.empty()) timer_.cancel();
}

void Acceptor::give_up() {
  for (const auto& connection : all()) connection->give_up();
}

// A copy: each leaves the list as it closes.
std::vector<std::shared_ptr<Connection>> Acceptor::all() const {
  std::vector<std::shared_ptr<Connection>> list;
  for (const auto& [connection, owned] : connections_) list.push_back(owned);
  return list;
}

}  // namespace thalweg::http
