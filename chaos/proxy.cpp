#include "chaos/proxy.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/must.h"
#include "chaos/loopback.h"

namespace thalweg::chaos {
namespace {

constexpr std::size_t chunk_bytes = std::size_t{64} << 10;
constexpr std::size_t held_bytes_max = std::size_t{1} << 20;
// How often a delayed or throttled connection is looked at.
constexpr int tick_ms = 5;

void prepare(int fd) {
  ::fcntl(fd, F_SETFL, O_NONBLOCK);
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

void end(int fd, bool reset) {
  const linger at_once{1, 0};
  if (reset) ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  ::close(fd);
}

bool again() {
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR || errno == ENOTCONN;
}

}  // namespace

Proxy::Proxy() {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  if (listener_ < 0 || ::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::listen(listener_, 128) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    bench::fail("proxy: expected a free port on 127.0.0.1; there is none");
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { serve(); });
}

Proxy::~Proxy() {
  stop_.store(true);
  thread_.join();
  for (Connection& connection : connections_) close(connection, true);
  ::close(listener_);
}

void Proxy::set(const Link& link) {
  const std::lock_guard lock(mutex_);
  link_ = link;
}

void Proxy::serve() {
  std::vector<pollfd> watched;
  while (!stop_.load()) {
    Link link;
    {
      const std::lock_guard lock(mutex_);
      link = link_;
    }
    const bool reset = reset_.exchange(false) || link.state == Link::State::cut;
    const bool silent = link.state == Link::State::silent;
    watched.assign(1, {listener_, POLLIN, 0});
    bool soon = silent;
    for (Connection& c : connections_) {
      if (reset && !c.broken) {
        c.broken = true;
        resets_.fetch_add(1);
      }
      if (!silent) turn(c, link);
      soon |= c.up.held + c.down.held > 0;
      const auto room = [](const Flow& flow) {
        return static_cast<short>(!flow.ended && flow.held < held_bytes_max ? POLLIN : 0);
      };
      if (c.broken || silent) continue;
      watched.push_back({c.client, room(c.up), 0});
      watched.push_back({c.broker, room(c.down), 0});
    }
    std::erase_if(connections_, [](Connection& c) {
      if (c.broken) close(c, true);
      return c.broken;
    });
    ::poll(watched.data(), watched.size(), soon ? tick_ms : 50);
    if ((watched.front().revents & POLLIN) != 0) accept_one(link);
  }
}

void Proxy::accept_one(const Link& link) {
  const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (client < 0) return;
  if (link.state == Link::State::cut || target_.load() == 0) return end(client, true);
  const int broker = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(target_.load());
  // On loopback this answers at once, either way.
  if (broker < 0 || ::connect(broker, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    end(client, true);
    if (broker >= 0) ::close(broker);
    return;
  }
  prepare(client);
  prepare(broker);
  Connection& connection = connections_.emplace_back();
  connection.client = client;
  connection.broker = broker;
  connection.up.counted = connection.down.counted = now();
}

void Proxy::turn(Connection& c, const Link& link) {
  if (c.broken) return;
  read_into(c.up, c.client, link, c.broken);
  read_into(c.down, c.broker, link, c.broken);
  write_from(c.up, c.broker, link, c.broken);
  write_from(c.down, c.client, link, c.broken);
  // An end is passed on when all that came before it has been.
  if ((c.up.ended && c.up.held == 0) || (c.down.ended && c.down.held == 0)) c.broken = true;
}

void Proxy::read_into(Flow& flow, int from, const Link& link, bool& broken) {
  while (!broken && !flow.ended && flow.held < held_bytes_max) {
    Flow::Chunk chunk{now() + link.delay, std::vector<char>(chunk_bytes), 0};
    const ssize_t got = ::recv(from, chunk.bytes.data(), chunk.bytes.size(), 0);
    if (got < 0) {
      broken = !again();
      return;
    }
    if (got == 0) {
      flow.ended = true;
      return;
    }
    chunk.bytes.resize(static_cast<std::size_t>(got));
    flow.held += chunk.bytes.size();
    flow.chunks.push_back(std::move(chunk));
  }
}

void Proxy::write_from(Flow& flow, int to, const Link& link, bool& broken) {
  const TimePoint at = now();
  const auto rate = static_cast<double>(link.bytes_per_second);
  flow.allowance = std::min(flow.allowance + rate * seconds(at - flow.counted), rate / 10);
  flow.counted = at;
  while (!broken && !flow.chunks.empty() && flow.chunks.front().due <= at) {
    Flow::Chunk& chunk = flow.chunks.front();
    std::size_t size = chunk.bytes.size() - chunk.written;
    if (rate > 0) size = std::min(size, static_cast<std::size_t>(flow.allowance));
    if (size == 0) return;
    const ssize_t put = ::send(to, chunk.bytes.data() + chunk.written, size, MSG_NOSIGNAL);
    if (put < 0) {
      broken = !again();
      return;
    }
    chunk.written += static_cast<std::size_t>(put);
    flow.held -= static_cast<std::size_t>(put);
    flow.allowance -= static_cast<double>(put);
    bytes_passed_.fetch_add(static_cast<std::uint64_t>(put));
    if (chunk.written == chunk.bytes.size()) flow.chunks.pop_front();
  }
}

void Proxy::close(Connection& connection, bool reset) {
  end(connection.client, reset);
  end(connection.broker, reset);
}

}  // namespace thalweg::chaos
