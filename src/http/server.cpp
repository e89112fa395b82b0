#include "http/server.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <exception>
#include <thread>

#include <fmt/format.h>

#include "http/acceptor.h"

namespace thalweg::http {

struct Server::Impl {
  Impl(std::string host, std::uint16_t number, std::vector<Route> routes, const Limits& limits,
       Fault fault)
      : address(std::move(host)),
        port(number),
        service(std::move(routes), limits, std::move(fault)) {}

  // A handler of ours that throws, for want of memory say, ends its connection and not the process.
  void serve() {
    while (true) {
      try {
        io.run();
        return;
      } catch (const std::exception& why) {
        service.failed("a connection", why);
      }
    }
  }

  const std::string address;
  std::uint16_t port;
  Service service;
  boost::asio::io_context io{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{io.get_executor()};
  Acceptor acceptor{io, service};
  std::thread thread;
};

Server::Server(std::string address, std::uint16_t port, std::vector<Route> routes, Limits limits,
               Fault fault)
    : impl_(std::make_unique<Impl>(std::move(address), port, std::move(routes), limits,
                                   std::move(fault))) {}

Server::~Server() {
  stop();
}

Status Server::start() {
  if (const std::string why = impl_->acceptor.open(impl_->address, impl_->port); !why.empty())
    return Error(
        Code::io_failed,
        fmt::format("http: {}:{} was expected to be free; it cannot be bound ({}); choose another "
                    "http.port or http.address, or stop what uses it",
                    impl_->address, impl_->port, why));
  impl_->port = impl_->acceptor.port();
  impl_->thread = std::thread([this] { impl_->serve(); });
  return {};
}

std::uint16_t Server::port() const noexcept {
  return impl_->port;
}

const Counters& Server::counters() const noexcept {
  return impl_->service.counters;
}

void Server::stop() {
  if (!impl_->thread.joinable()) return;
  impl_->service.stopping.request_stop();
  boost::asio::post(impl_->io, [impl = impl_.get()] {
    impl->acceptor.stop();
    impl->work.reset();
  });
  impl_->service.stop();
  // Behind what the handlers have answered.
  boost::asio::post(impl_->io, [impl = impl_.get()] { impl->acceptor.give_up(); });
  impl_->thread.join();
}

}  // namespace thalweg::http
