// What is understood, and what garbage is told.
#include "http/support.h"

namespace thalweg::http {
namespace {

using test::get;
using test::post;
using ::testing::HasSubstr;
using ::testing::Not;

class HttpRequests : public HttpServed {
 protected:
  HttpRequests() { serve(patient()); }
  // On a connection of its own.
  [[nodiscard]] test::RawAnswer ask(std::string_view request, bool head_only = false) const {
    return RawHttp(port).ask(request, head_only);
  }
};

TEST_F(HttpRequests, A_post_without_body_and_length_is_answered_at_once) {
  const auto answer = ask("POST /echo/a HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "POST /echo/a []");
}

TEST_F(HttpRequests, A_body_comes_with_a_length_or_in_chunks) {
  EXPECT_EQ(ask(post("/echo/a", "hello")).body, "POST /echo/a [hello]");
  EXPECT_EQ(ask("POST /echo/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                "3\r\nhel\r\n2;extension=x\r\nlo\r\n0\r\n\r\n")
                .body,
            "POST /echo/a [hello]");
}

TEST_F(HttpRequests, Path_and_query_are_decoded) {
  EXPECT_EQ(ask(get("/echo/a%2Fb?x=1%262&y=a+b&x=3&z")).body, "GET /echo/a/b x=1&2 y=a b z= []");
  EXPECT_EQ(ask("GET http://localhost/echo/a HTTP/1.1\r\nHost: h\r\n\r\n").body, "GET /echo/a []");
}

TEST_F(HttpRequests, Head_is_get_without_the_body) {
  RawHttp caller(port);
  const auto head = caller.ask("HEAD /livez HTTP/1.1\r\nHost: localhost\r\n\r\n", true);
  EXPECT_EQ(head.status, 200);
  EXPECT_THAT(head.head, HasSubstr("Content-Length: 3\r\n"));
  EXPECT_EQ(caller.ask(get("/livez")).status, 200) << "nothing of a body came between";
}

TEST_F(HttpRequests, Another_method_is_told_which_ones_there_are) {
  const auto answer = ask(post("/livez", ""));
  EXPECT_EQ(answer.status, 405);
  EXPECT_THAT(answer.head, HasSubstr("Allow: GET, HEAD\r\n"));
  const auto deleted = ask("DELETE /echo/a HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(deleted.status, 405);
  EXPECT_THAT(deleted.head, HasSubstr("Allow: GET, HEAD, POST\r\n"));
  EXPECT_EQ(ask("BREW /livez HTTP/1.1\r\nHost: h\r\n\r\n").status, 405);
  EXPECT_EQ(ask("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n").status, 400);
}

TEST_F(HttpRequests, An_unknown_path_is_404) {
  for (const char* path : {"/", "/livez/", "/livezz", "/ech", "/echo"})
    EXPECT_EQ(ask(get(path)).status, 404) << path;
}

TEST_F(HttpRequests, Garbage_is_answered_with_400_and_hung_up_on) {
  const std::string zeros(64, '\0');
  for (const std::string& garbage :
       {std::string("hello\r\n\r\n"),
        std::string("\x16\x03\x01\x02\x01\x01\r\n"),
        zeros + "\r\n",
        std::string("GET /livez\r\n\r\n"),
        std::string("GET /livez HTTP/1.1 x\r\n\r\n"),
        std::string("GET  /livez HTTP/1.1\r\n\r\n"),
        std::string("GET /livez HTTP/3.1\r\n\r\n"),
        std::string("GET /livez HTTP/1.1\r\nHost localhost\r\n\r\n"),
        std::string("GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
        std::string("GET /livez HTTP/1.1\r\n\r\n"),
        std::string("GET /livez HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n"),
        std::string(
            "GET /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"),
        std::string("POST /echo/ HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"
                    "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        std::string("POST /echo/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        std::string("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        get("livez"),
        get("/echo/%"),
        get("/echo/%zz"),
        get("/echo/%00"),
        get("/echo/%ff"),
        get("/echo/?a=%0a"),
        get("/echo/#a")}) {
    RawHttp caller(port);
    const auto answer = caller.ask(garbage);
    EXPECT_EQ(answer.status / 100, 4) << garbage << answer.head;
    EXPECT_THAT(answer.body, Not(HasSubstr("hello"))) << "what came is not sent back";
  }
  EXPECT_EQ(livez(), 200);
}

TEST_F(HttpRequests, Half_a_request_and_no_more_is_garbage_too) {
  RawHttp caller(port);
  caller.send("GET /liv");
  caller.half_close();
  EXPECT_EQ(caller.answer().status, 400);
  EXPECT_TRUE(caller.hung_up());
}

TEST_F(HttpRequests, A_body_is_asked_for_where_the_caller_waits_for_that) {
  RawHttp caller(port);
  const std::string head =
      "POST /echo/a HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n";
  EXPECT_EQ(caller.ask(head).status, 100);
  EXPECT_EQ(caller.ask("hi").body, "POST /echo/a [hi]");
  EXPECT_EQ(
      ask("POST /echo/a HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: tea\r\n\r\n").status,
      417);
}

TEST_F(HttpRequests, Who_may_not_ask_is_told_before_he_sends_his_body) {
  RawHttp caller(port);
  EXPECT_EQ(caller
                .ask("POST /closed/a HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n"
                     "Expect: 100-continue\r\n\r\n")
                .status,
            401);
  EXPECT_EQ(ask("POST /closed/a HTTP/1.1\r\nHost: h\r\nContent-Length: 200000\r\n\r\n").status,
            401);
  EXPECT_EQ(let_in, 0);
  EXPECT_EQ(ask(post("/closed/a", "hi", "Authorization: yes\r\n")).status, 200);
  EXPECT_EQ(let_in, 1);
}

TEST_F(HttpRequests, A_connection_is_kept_for_the_next_request_and_closed_for_http_1_0) {
  RawHttp caller(port);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(caller.ask(get("/livez")).status, 200);
  EXPECT_EQ(caller.ask(get("/nothing")).status, 404) << "a wrong path breaks nothing";
  EXPECT_THAT(caller.ask(get("/livez", "Connection: close\r\n")).head,
              HasSubstr("Connection: close\r\n"));
  EXPECT_TRUE(caller.hung_up());
  RawHttp old(port);
  const auto answer = old.ask("GET /livez HTTP/1.0\r\n\r\n");
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.head, ::testing::StartsWith("HTTP/1.0 200 OK\r\n"));
  EXPECT_TRUE(old.hung_up());
}

TEST_F(HttpRequests, Requests_sent_without_waiting_are_answered_in_their_order) {
  RawHttp caller(port);
  caller.send(post("/echo/1", "a") + get("/livez") + post("/echo/2", "b") + get("/nothing") +
              get("/echo/3"));
  EXPECT_EQ(caller.answer().body, "POST /echo/1 [a]");
  EXPECT_EQ(caller.answer().body, "ok\n");
  EXPECT_EQ(caller.answer().body, "POST /echo/2 [b]");
  EXPECT_EQ(caller.answer().status, 404);
  EXPECT_EQ(caller.answer().body, "GET /echo/3 []");
}

TEST_F(HttpRequests, A_handler_that_throws_is_a_500_which_is_told_and_the_server_goes_on) {
  EXPECT_EQ(ask(get("/throws")).status, 500);
  EXPECT_EQ(livez(), 200);
  const std::lock_guard lock(faults_mutex);
  EXPECT_EQ(faults, std::vector<std::string>{"/throws: std::bad_alloc"});
}

TEST_F(HttpRequests, Answers_are_counted_by_status) {
  (void)ask(get("/nothing"));
  EXPECT_EQ(livez(), 200);
  EXPECT_EQ(server->counters().responses[404], 1u);
  EXPECT_EQ(server->counters().responses[200], 1u);
  EXPECT_EQ(server->counters().accepted, 2u);
}

TEST_F(HttpRequests, The_connection_that_was_hung_up_on_is_forgotten) {
  {
    RawHttp caller(port);
    EXPECT_EQ(caller.ask(get("/livez")).status, 200);
  }
  await([&] { return server->counters().connections == 0; });
}

TEST(HttpAddress, IPv6s_loopback_is_one_too) {
  Server server("::1", 0, {{"/livez", {"GET"}, Runs::at_once, [](const Request& request) {
                              return Response{200, request.remote_address};
                            }}});
  const Status started = server.start();
  ASSERT_TRUE(started.ok()) << started.error().message();
  EXPECT_EQ(RawHttp(server.port(), "::1").ask(get("/livez")).body, "::1");
}

TEST(HttpAddress, A_name_of_this_machine_is_one) {
  Server server("localhost", 0, {});
  EXPECT_TRUE(server.start().ok());
}

TEST(HttpAddress, A_port_or_an_address_that_cannot_be_had_is_an_error_that_says_why) {
  Server first("127.0.0.1", 0, {});
  ASSERT_TRUE(first.start().ok());
  Server second("127.0.0.1", first.port(), {});
  const Status taken = second.start();
  ASSERT_FALSE(taken.ok());
  EXPECT_EQ(taken.error().code(), Code::io_failed);
  EXPECT_THAT(taken.error().message(), HasSubstr("http.port"));
  Server nowhere("192.0.2.1", 0, {});
  const Status none = nowhere.start();
  ASSERT_FALSE(none.ok());
  EXPECT_THAT(none.error().message(), HasSubstr("192.0.2.1"));
}

}  // namespace
}  // namespace thalweg::http
