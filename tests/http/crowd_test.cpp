// Many callers at once, and handlers that all hang: whoever asks for health is answered.
#include <future>
#include <vector>

#include "http/support.h"

namespace thalweg::http {
namespace {

using namespace std::chrono_literals;
using test::get;
using test::post;
using ::testing::HasSubstr;

class HttpCrowd : public HttpServed {
 protected:
  // So many connections, each having said so much.
  [[nodiscard]] std::vector<RawHttp> crowd(std::size_t count, const std::string& said) const {
    std::vector<RawHttp> all;
    for (std::size_t i = 0; i < count; ++i) {
      all.emplace_back(port);
      EXPECT_TRUE(all.back().connected());
      all.back().send(said);
    }
    return all;
  }
};

TEST_F(HttpCrowd, Of_200_silent_connections_64_are_kept_and_livez_answers) {
  serve(patient());
  const auto all = crowd(200, "");
  EXPECT_EQ(livez(), 200);
  EXPECT_LE(server->counters().connections, 64);
  await([&] { return server->counters().accepted == 201; });
  EXPECT_GE(dropped(Dropped::crowded), 137u);
}

TEST_F(HttpCrowd, Of_200_that_never_end_their_request_livez_does_not_hear) {
  serve(patient());
  const auto headers = crowd(100, "GET /livez HTTP/1.1\r\nX: ");
  const auto bodies = crowd(100, "POST /echo/a HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n");
  EXPECT_EQ(livez(), 200);
  EXPECT_LE(server->counters().connections, 64);
}

TEST_F(HttpCrowd, Of_200_that_do_not_take_their_answer_livez_does_not_hear) {
  serve(patient());
  const auto all = crowd(200, get("/large"));
  EXPECT_EQ(livez(), 200);
  EXPECT_LE(server->counters().connections, 64);
}

TEST_F(HttpCrowd, Who_rests_goes_before_who_is_still_sending_and_the_oldest_first) {
  Limits limits = patient();
  limits.connections_max = 3;
  limits.threads = limits.queue_max = 1;
  serve(limits);
  RawHttp sending(port), first(port), second(port);
  sending.send("GET /livez HTTP/1.1\r\n");
  EXPECT_EQ(first.ask(get("/livez")).status, 200);
  EXPECT_EQ(second.ask(get("/livez")).status, 200);
  RawHttp one_more(port);
  EXPECT_TRUE(first.hung_up());
  EXPECT_EQ(one_more.ask(get("/livez")).status, 200);
  EXPECT_EQ(second.ask(get("/livez")).status, 200);
  EXPECT_EQ(sending.ask("Host: h\r\n\r\n").status, 200);
  EXPECT_EQ(dropped(Dropped::crowded), 1u);
}

TEST_F(HttpCrowd, A_call_that_may_have_changed_something_is_not_dropped_for_others) {
  Limits limits = patient();
  limits.connections_max = 3;
  limits.threads = 1;
  limits.queue_max = 1;
  serve(limits);
  RawHttp running(port), waiting(port);
  running.send(post("/stuck", ""));
  gate.await(1);
  waiting.send(post("/stuck", ""));
  const auto others = crowd(20, "");
  EXPECT_EQ(livez(), 200);
  gate.open();
  EXPECT_EQ(running.answer().body, "at last");
  EXPECT_EQ(waiting.answer().body, "at last");
}

TEST_F(HttpCrowd,
       With_all_threads_stuck_and_the_queue_full_the_next_is_told_so_and_health_answers) {
  Limits limits = patient();
  serve(limits);
  std::vector<RawHttp> stuck = crowd(limits.threads, get("/stuck"));
  gate.await(static_cast<int>(limits.threads));
  // Those in the queue are seen by the one that finds it full.
  std::vector<RawHttp> queued;
  test::RawAnswer refused;
  while (refused.status == 0) {
    queued.emplace_back(port);
    queued.back().send(get("/stuck"));
    if (queued.size() <= limits.queue_max) continue;
    refused = queued.back().answer();
  }
  EXPECT_EQ(refused.status, 503);
  EXPECT_THAT(refused.head, HasSubstr("Retry-After: 1\r\n"));
  EXPECT_EQ(livez(), 200);
  page_gate.open();
  EXPECT_EQ(RawHttp(port).ask(get("/page")).status, 200);
  gate.open();
  for (RawHttp& caller : stuck) EXPECT_EQ(caller.answer().status, 200);
}

TEST_F(HttpCrowd, A_page_that_hangs_keeps_no_health_waiting) {
  serve(patient());
  const auto all = crowd(200, get("/page"));
  EXPECT_EQ(livez(), 200);
}

TEST_F(HttpCrowd, One_page_answers_all_who_asked_before_it_was_begun) {
  serve(patient());
  RawHttp first(port);
  first.send(get("/page"));
  page_gate.await(1);
  std::vector<RawHttp> others = crowd(20, get("/page"));
  await([&] { return server->counters().accepted == 21; });
  EXPECT_EQ(livez(), 200);  // served behind them, so they have been read
  page_gate.open();
  EXPECT_EQ(first.answer().body, "page 1");
  for (RawHttp& caller : others) EXPECT_EQ(caller.answer().body, "page 2");
  EXPECT_EQ(pages, 2);
}

TEST_F(HttpCrowd, Two_hundred_scrapes_at_once_are_all_answered_or_hung_up_on) {
  Limits limits = patient();
  limits.connections_max = 256;
  serve(limits);
  page_gate.open();
  std::vector<RawHttp> all = crowd(200, get("/page"));
  for (RawHttp& caller : all) EXPECT_EQ(caller.answer().status, 200);
}

TEST_F(HttpCrowd, A_stop_does_not_wait_for_callers_nor_for_handlers_that_can_be_told) {
  serve(patient());
  const auto silent = crowd(20, "");
  const auto slow = crowd(10, "GET /livez HTTP/1.1\r\nX: ");
  std::vector<RawHttp> stuck = crowd(4, get("/stuck"));
  const auto pages_wanted = crowd(4, get("/page"));
  const auto untaken = crowd(4, get("/large"));
  gate.await(4);
  page_gate.await(1);
  server->stop();  // the handlers' patience and all time limits are an hour
  EXPECT_EQ(server->counters().connections, 0);
  EXPECT_EQ(stuck.front().answer().body, "at last") << "who had been heard is answered";
  RawHttp late(port);
  EXPECT_FALSE(late.connected());
  server->stop();
}

TEST_F(HttpCrowd, A_server_may_end_without_having_started) {
  { Server never("127.0.0.1", 0, {}); }
  Server stopped("127.0.0.1", 0, {});
  stopped.stop();
}

}  // namespace
}  // namespace thalweg::http
