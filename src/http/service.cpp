#include "http/service.h"

#include <exception>
#include <utility>

namespace thalweg::http {
namespace {

Response our_fault() {
  return refusal(500, "a fault of the server's own");
}

}  // namespace

Service::Service(std::vector<Route> routes, const Limits& bounds, Fault fault)
    : limits(bounds),
      routes_(std::move(routes)),
      fault_(std::move(fault)),
      pool_(bounds.threads, bounds.queue_max) {
  for (const Route& route : routes_)
    pages_.emplace_back([&route, this] {
      Request request;
      request.method = "GET";
      request.path = route.path;
      request.stop = stopping.get_token();
      return call(route, request);
    });
}

void Service::failed(std::string_view path, const std::exception& why) const {
  if (fault_) fault_(path, why.what());
}

// The process is not ours to end, whatever a handler does.
std::shared_ptr<const Response> Service::call(const Route& route, const Request& request) const {
  try {
    return std::make_shared<const Response>(route.answer(request));
  } catch (const std::exception& why) {
    failed(route.path, why);
    return std::make_shared<const Response>(our_fault());
  }
}

const Route* Service::find(std::string_view path) const noexcept {
  for (const Route& route : routes_) {
    if (route.path.ends_with('/') ? path.starts_with(route.path) : path == route.path)
      return &route;
  }
  return nullptr;
}

bool Service::answer(const Route& route, std::shared_ptr<const Request> request, Answered done) {
  switch (route.runs) {
    case Runs::at_once: done(call(route, *request)); return true;
    case Runs::shared:
      shared_.ask(pages_[static_cast<std::size_t>(&route - routes_.data())], std::move(done));
      return true;
    case Runs::pooled:
      return pool_.run([this, &route, request = std::move(request), done = std::move(done)] {
        done(call(route, *request));
      });
  }
  return false;
}

std::optional<Response> Service::refused(const Route& route, const Request& request) const {
  if (!route.refuse) return std::nullopt;
  try {
    return route.refuse(request);
  } catch (const std::exception& why) {
    failed(route.path, why);
    return our_fault();
  }
}

void Service::stop() {
  stopping.request_stop();
  pool_.stop();
  shared_.stop();
}

}  // namespace thalweg::http
