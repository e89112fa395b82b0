// What a server answers: a path, its methods, and where its handler runs.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace thalweg::http {

enum class Runs {
  at_once,  // on the thread that serves all connections: takes no lock that is held for long, reads a few numbers
  shared,  // on one thread beside it; one call answers all who asked before it began, so it may not depend on the request
  pooled,  // on one of a few threads; may block. When they and their queue are full the caller hears 503
};

struct Route {
  std::string path;                  // "/livez"; with a '/' at its end all that is below
  std::vector<std::string> methods;  // "GET" takes HEAD too
  Runs runs = Runs::at_once;
  std::function<Response(const Request&)> answer;
  // May this caller ask at all? Called at_once, before any body is read. Nothing: he may.
  std::function<std::optional<Response>(const Request&)> refuse{};
};

// Told what a handler threw, whose caller got a 500. On any of the server's threads; does not throw. Null: nobody is told.
using Fault = std::function<void(std::string_view path, std::string_view what)>;

}  // namespace thalweg::http
