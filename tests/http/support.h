// A server with a route of each kind, and what its handlers wait for.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/server.h"
#include "support/raw_http.h"

namespace thalweg::http {

using test::RawHttp;

// Handlers stand before it until it is opened, or until the server stops.
class Gate {
 public:
  void pass(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    ++before_;
    changed_.notify_all();
    changed_.wait(lock, stop, [this] { return open_; });
    --before_;
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  // Until so many stand before it.
  void await(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return before_ >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  int before_ = 0;
  bool open_ = false;
};

// Waits for what another thread brings about; the test's own time-out ends it where it does not come.
template <typename Condition>
void await(Condition&& condition) {
  while (!condition()) std::this_thread::yield();
}

class HttpServed : public ::testing::Test {
 protected:
  void serve(const Limits& limits = {}, const std::string& address = "127.0.0.1") {
    std::vector<Route> routes{{"/livez",
                               {"GET"},
                               Runs::at_once,
                               [](const Request&) {
                                 return Response{200, "ok\n"};
                               }},
                              {"/page",
                               {"GET"},
                               Runs::shared,
                               [this](const Request& request) {
                                 ++pages;
                                 page_gate.pass(request.stop);
                                 return Response{200, "page " + std::to_string(pages)};
                               }},
                              {"/large",
                               {"GET"},
                               Runs::shared,
                               [](const Request&) {
                                 return Response{200, std::string(8 << 20, 'x')};
                               }},
                              {"/echo/",
                               {"GET", "POST"},
                               Runs::pooled,
                               [](const Request& request) {
                                 std::string all = request.method + " " + request.path;
                                 for (const auto& [name, value] : request.query)
                                   all += " " + name + "=" + value;
                                 return Response{200, all + " [" + request.body + "]"};
                               }},
                              {"/stuck",
                               {"GET", "POST"},
                               Runs::pooled,
                               [this](const Request& request) {
                                 gate.pass(request.stop);
                                 return Response{200, "at last"};
                               }},
                              {"/throws",
                               {"GET"},
                               Runs::pooled,
                               [](const Request&) -> Response { throw std::bad_alloc(); }},
                              {"/closed/",
                               {"GET", "POST"},
                               Runs::pooled,
                               [this](const Request&) {
                                 ++let_in;
                                 return Response{};
                               },
                               [](const Request& request) -> std::optional<Response> {
                                 if (request.header("AUTHORIZATION") == "yes") return std::nullopt;
                                 return refusal(401, "expected yes");
                               }}};
    server.emplace(address, 0, std::move(routes), limits,
                   [this](std::string_view path, std::string_view what) {
                     const std::lock_guard lock(faults_mutex);
                     faults.emplace_back(fmt::format("{}: {}", path, what));
                   });
    const Status started = server->start();
    ASSERT_TRUE(started.ok()) << started.error().message();
    port = server->port();
  }
  [[nodiscard]] std::uint64_t dropped(Dropped why) const {
    return server->counters().dropped[static_cast<std::size_t>(why)];
  }
  [[nodiscard]] int livez() const { return RawHttp(port).ask(test::get("/livez")).status; }

  std::mutex faults_mutex;
  std::vector<std::string> faults;  // faults_mutex
  Gate gate, page_gate;
  std::atomic<int> pages{0}, let_in{0};
  std::optional<Server> server;
  std::uint16_t port = 0;
};

// Waits that no test is to see the end of.
inline Limits patient() {
  Limits limits;
  limits.request_time = limits.answer_time = limits.write_time = limits.idle_time =
      limits.farewell_time = std::chrono::hours(1);
  return limits;
}

}  // namespace thalweg::http
