// What all connections of a server share.
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string_view>
#include <vector>

#include "http/counters.h"
#include "http/limits.h"
#include "http/pool.h"
#include "http/route.h"
#include "http/shared_answers.h"

namespace thalweg::http {

class Service {
 public:
  Service(std::vector<Route> routes, const Limits& limits, Fault fault);

  // Null: there is no such path.
  [[nodiscard]] const Route* find(std::string_view path) const noexcept;

  // Calls done with the answer: in the call, or later on another thread. False: no thread is free for it.
  [[nodiscard]] bool answer(const Route& route, std::shared_ptr<const Request> request,
                            Answered done);
  // May the route be asked at all? A handler's mistake is an answer too.
  [[nodiscard]] std::optional<Response> refused(const Route& route, const Request& request) const;
  // Tells of a handler that threw.
  void failed(std::string_view path, const std::exception& why) const;

  // Handlers are asked to stop, and waited for.
  void stop();

  const Limits limits;
  Counters counters;
  std::stop_source stopping;

 private:
  [[nodiscard]] std::shared_ptr<const Response> call(const Route& route,
                                                     const Request& request) const;

  const std::vector<Route> routes_;
  const Fault fault_;
  // Of the shared routes, one each, as routes_; its place in memory is the page's name.
  std::vector<std::function<std::shared_ptr<const Response>()>> pages_;
  Pool pool_;
  SharedAnswers shared_;
};

}  // namespace thalweg::http
