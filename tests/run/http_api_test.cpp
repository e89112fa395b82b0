// Who may call the control API.
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "run/http.h"
#include "support/raw_http.h"

namespace thalweg {
namespace {

using test::get;
using test::RawHttp;
using ::testing::HasSubstr;
using ::testing::Not;

class HttpApi : public testing::Test {
 protected:
  void serve(const std::string& token, const std::string& address = "127.0.0.1") {
    HttpHandlers handlers{[] { return std::string(); }, [] { return std::string(); },
                          [] { return std::string(); }};
    handlers.token = token;
    handlers.remark = [] { return std::string("tweets: paused\n"); };
    handlers.api = [this](const control::ApiRequest& request) {
      ++calls;
      if (request.path.ends_with("/peek")) wait_for(request.stop);
      return control::ApiReply{200, request.method + " " + request.path + " " + request.body};
    };
    server.emplace(address, 0, std::move(handlers));
    ASSERT_TRUE(server->start().ok());
    port = server->port();
  }
  void wait_for(const std::stop_token& stop) {
    std::unique_lock lock(mutex);
    changed.wait(lock, stop, [] { return false; });
  }
  [[nodiscard]] int post(std::string_view headers, const std::string& body = "{}") const {
    return ask(test::post("/v2/models/m/control", body, headers)).status;
  }
  [[nodiscard]] test::RawAnswer ask(std::string_view request) const {
    return RawHttp(port).ask(request);
  }
  std::atomic<int> calls{0};
  std::mutex mutex;
  std::condition_variable_any changed;
  std::optional<HttpServer> server;
  std::uint16_t port = 0;
};

std::string authorization(const std::string& value) {
  return "Authorization: " + value + "\r\n";
}

// As a browser or a stranger's program would name us.
std::string as_host(const std::string& method, const std::string& path, const std::string& host) {
  return method + " " + path + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n";
}

TEST_F(HttpApi, With_a_token_nothing_of_it_is_answered_without_the_token) {
  serve("s3cret");
  EXPECT_EQ(post(""), 401);
  for (const char* wrong : {"Bearer s3cre", "Bearer s3cretx", "Bearer ", "s3cret", "Basic s3cret"})
    EXPECT_EQ(post(authorization(wrong)), 401) << wrong;
  const auto status = ask(get("/v2/models/m/status"));
  EXPECT_EQ(status.status, 401);
  EXPECT_THAT(status.head, HasSubstr("WWW-Authenticate: Bearer\r\n"));
  EXPECT_THAT(status.body, Not(HasSubstr("s3cret")));
  EXPECT_EQ(ask(get("/monitoring")).status, 401) << "it tells what the fields hold";
  EXPECT_EQ(calls, 0);
  EXPECT_EQ(post(authorization("Bearer s3cret")), 200);
  EXPECT_EQ(ask(get("/metrics")).status, 200) << "metrics and health are open";
}

TEST_F(HttpApi, Without_a_token_a_write_must_come_from_this_machine_and_from_no_web_page) {
  serve("");
  EXPECT_EQ(post(""), 200);
  EXPECT_EQ(post("Origin: http://evil.example\r\n"), 403);
  for (const char* host :
       {"evil.example", "evil.example:80", "127.0.0.1.evil.example", "[::2]", ""})
    EXPECT_EQ(ask(as_host("POST", "/v2/models/m/control", host)).status, 403) << host;
  for (const char* host : {"localhost", "127.0.0.1:8080", "[::1]:8080"})
    EXPECT_EQ(ask(as_host("POST", "/v2/models/m/control", host)).status, 200) << host;
  EXPECT_EQ(ask(as_host("POST", "http://evil.example/v2/models/m/control", "localhost")).status,
            403);
  EXPECT_EQ(ask(as_host("GET", "/v2/pipelines/p/peek", "evil.example")).status, 403);
  EXPECT_EQ(RawHttp(port).ask(as_host("HEAD", "/v2/pipelines/p/peek", "evil.example"), true).status,
            403);
  EXPECT_EQ(ask(get("/v2/models/m/status")).status, 200);
}

TEST_F(HttpApi, Without_a_token_an_address_open_to_the_network_takes_no_writes) {
  serve("", "0.0.0.0");
  EXPECT_EQ(post(""), 403);
  EXPECT_EQ(calls, 0);
}

TEST_F(HttpApi, A_call_without_body_and_length_is_answered) {
  serve("");
  EXPECT_EQ(ask(as_host("POST", "/v2/repository/index", "localhost")).body,
            "POST /v2/repository/index \n");
}

TEST_F(HttpApi, A_body_beyond_the_bound_is_refused) {
  serve("");
  EXPECT_EQ(post("", std::string(300 * 1024, ' ')), 413);
  EXPECT_EQ(calls, 0);
}

TEST_F(HttpApi, A_paused_pipeline_is_ready_and_says_so) {
  serve("");
  const auto ready = ask(get("/readyz"));
  EXPECT_EQ(ready.status, 200);
  EXPECT_EQ(ready.body, "ok\ntweets: paused\n");
}

TEST_F(HttpApi, While_as_many_peek_as_may_health_and_metrics_answer_and_a_stop_ends_them) {
  serve("");
  std::vector<RawHttp> peeking;
  for (std::size_t i = 0; i < http::Limits{}.threads; ++i) {
    peeking.emplace_back(port);
    peeking.back().send(get("/v2/pipelines/p/peek"));
  }
  while (calls < static_cast<int>(peeking.size())) std::this_thread::yield();
  for (const char* path : {"/livez", "/readyz", "/metrics", "/monitoring"})
    EXPECT_EQ(ask(get(path)).status, 200) << path;
  server->stop();
  for (RawHttp& caller : peeking) EXPECT_EQ(caller.answer().status, 200);
}

TEST(Secret, Only_the_same_one_is_the_same) {
  EXPECT_TRUE(same_secret("abc", "abc"));
  EXPECT_FALSE(same_secret("abcabc", "abc"));
  EXPECT_FALSE(same_secret("", "abc"));
  EXPECT_FALSE(same_secret("abd", "abc"));
}

}  // namespace
}  // namespace thalweg
