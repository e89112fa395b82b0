// Who may call the control API.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include "run/http.h"

namespace thalweg {
namespace {

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
      return control::ApiReply{200, request.method + " " + request.path + " " + request.body};
    };
    server.emplace(address, 0, std::move(handlers));
    ASSERT_TRUE(server->start().ok());
    client.emplace("127.0.0.1", server->port());
  }
  int post(const httplib::Headers& headers, const std::string& body = "{}") {
    const auto reply = client->Post("/v2/models/m/control", headers, body, "application/json");
    return reply ? reply->status : 0;
  }
  std::atomic<int> calls{0};
  std::optional<HttpServer> server;
  std::optional<httplib::Client> client;
};

TEST_F(HttpApi, With_a_token_nothing_of_it_is_answered_without_the_token) {
  serve("s3cret");
  EXPECT_EQ(post({}), 401);
  for (const char* wrong : {"Bearer s3cre", "Bearer s3cretx", "Bearer ", "s3cret", "Basic s3cret"})
    EXPECT_EQ(post({{"Authorization", wrong}}), 401) << wrong;
  const auto status = client->Get("/v2/models/m/status");
  EXPECT_EQ(status->status, 401);
  EXPECT_THAT(status->body, Not(HasSubstr("s3cret")));
  EXPECT_EQ(calls, 0);
  EXPECT_EQ(post({{"Authorization", "Bearer s3cret"}}), 200);
  EXPECT_EQ(client->Get("/metrics")->status, 200) << "metrics and health are open";
}

TEST_F(HttpApi, Without_a_token_a_write_must_come_from_this_machine_and_from_no_web_page) {
  serve("");
  EXPECT_EQ(post({}), 200);
  EXPECT_EQ(post({{"Origin", "http://evil.example"}}), 403);
  EXPECT_EQ(post({{"Host", "evil.example"}}), 403);
  EXPECT_EQ(client->Get("/v2/pipelines/p/peek", {{"Host", "evil.example"}})->status, 403);
  EXPECT_EQ(client->Get("/v2/models/m/status")->status, 200);
}

TEST_F(HttpApi, Without_a_token_an_address_open_to_the_network_takes_no_writes) {
  serve("", "0.0.0.0");
  EXPECT_EQ(post({}), 403);
  EXPECT_EQ(calls, 0);
}

TEST_F(HttpApi, A_body_beyond_the_bound_is_refused) {
  serve("");
  EXPECT_EQ(post({}, std::string(300 * 1024, ' ')), 413);
  EXPECT_EQ(calls, 0);
}

TEST_F(HttpApi, A_paused_pipeline_is_ready_and_says_so) {
  serve("");
  const auto ready = client->Get("/readyz");
  EXPECT_EQ(ready->status, 200);
  EXPECT_EQ(ready->body, "ok\ntweets: paused\n");
}

TEST(Secret, Only_the_same_one_is_the_same) {
  EXPECT_TRUE(same_secret("abc", "abc"));
  EXPECT_FALSE(same_secret("abcabc", "abc"));
  EXPECT_FALSE(same_secret("", "abc"));
  EXPECT_FALSE(same_secret("abd", "abc"));
}

}  // namespace
}  // namespace thalweg
