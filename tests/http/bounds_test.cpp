// Each bound of http/limits.h, met by somebody who goes beyond it.
#include "http/support.h"

namespace thalweg::http {
namespace {

using namespace std::chrono_literals;
using test::get;
using test::post;
using ::testing::HasSubstr;

class HttpBounds : public HttpServed {};

constexpr const char* chunked =
    "POST /echo/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";

TEST_F(HttpBounds, A_header_that_comes_byte_by_byte_is_over_after_the_whole_requests_time) {
  Limits limits = patient();
  limits.request_time = 100ms;
  serve(limits);
  RawHttp caller(port);
  const std::string header = "GET /livez HTTP/1.1\r\nHost: localhost\r\nX: ";
  // Each byte would start a time limit of a single reading anew.
  std::size_t sent = 0;
  while (caller.silent()) {
    caller.send(sent < header.size() ? header.substr(sent, 1) : "x");
    ++sent;
    std::this_thread::sleep_for(1ms);  // the caller's slowness, which is what is tested
  }
  EXPECT_EQ(caller.answer().status, 408);
  EXPECT_EQ(dropped(Dropped::request_time), 1u);
}

TEST_F(HttpBounds, A_body_that_never_ends_is_over_after_the_whole_requests_time) {
  Limits limits = patient();
  limits.request_time = 100ms;
  serve(limits);
  EXPECT_EQ(
      RawHttp(port).ask("POST /echo/a HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nno").status,
      408);
  EXPECT_EQ(RawHttp(port).ask(std::string(chunked) + "1\r\na\r\n").status, 408);
  EXPECT_EQ(dropped(Dropped::request_time), 2u);
  EXPECT_EQ(livez(), 200);
}

TEST_F(HttpBounds, Who_says_nothing_is_hung_up_on) {
  Limits limits = patient();
  limits.request_time = 50ms;
  serve(limits);
  EXPECT_TRUE(RawHttp(port).hung_up());
  EXPECT_EQ(dropped(Dropped::request_time), 0u) << "who has asked nothing has lost nothing";
}

TEST_F(HttpBounds, Who_asks_no_second_time_is_hung_up_on) {
  Limits limits = patient();
  limits.idle_time = 50ms;
  serve(limits);
  RawHttp caller(port);
  EXPECT_EQ(caller.ask(get("/livez")).status, 200);
  EXPECT_TRUE(caller.hung_up());
}

TEST_F(HttpBounds, Who_does_not_take_his_answer_is_hung_up_on) {
  Limits limits = patient();
  limits.write_time = 100ms;
  serve(limits);
  RawHttp caller(port);  // 8 MiB fit into no buffer on the way
  caller.send(get("/large"));
  await([&] { return dropped(Dropped::write_time) == 1; });
  await([&] { return server->counters().connections == 0; });
}

TEST_F(HttpBounds, Who_still_sends_when_he_is_told_off_is_listened_to_for_a_while_only) {
  Limits limits = patient();
  limits.farewell_time = 100ms;
  serve(limits);
  RawHttp caller(port);
  EXPECT_EQ(
      caller.ask("POST /nothing HTTP/1.1\r\nHost: h\r\nContent-Length: 200000\r\n\r\n").status,
      404);
  while (caller.send("x")) std::this_thread::yield();
  await([&] { return server->counters().connections == 0; });
}

TEST_F(HttpBounds, A_handler_that_does_not_come_back_is_not_waited_for) {
  Limits limits = patient();
  limits.answer_time = 100ms;
  serve(limits);
  EXPECT_EQ(RawHttp(port).ask(get("/stuck")).status, 503);
  EXPECT_EQ(dropped(Dropped::answer_time), 1u);
  EXPECT_EQ(RawHttp(port).ask(get("/page")).status, 503);
  EXPECT_EQ(livez(), 200);
}

TEST_F(HttpBounds, A_header_beyond_the_bound_is_431) {
  serve(patient());
  EXPECT_EQ(RawHttp(port).ask(get("/livez", "X: " + std::string(17 * 1024, 'x') + "\r\n")).status,
            431);
  EXPECT_EQ(RawHttp(port).ask(get("/" + std::string(100 * 1024, 'x'))).status, 431);
  std::string many;
  for (int i = 0; i < 10'000; ++i) many += "X: x\r\n";
  EXPECT_EQ(RawHttp(port).ask(get("/livez", many)).status, 431);
  EXPECT_EQ(RawHttp(port).ask(get("/livez", "X: " + std::string(15 * 1024, 'x') + "\r\n")).status,
            200);
}

TEST_F(HttpBounds, A_header_that_never_ends_is_431_as_well) {
  serve(patient());
  RawHttp caller(port);
  caller.send("GET /livez HTTP/1.1\r\nX: ");
  while (caller.silent()) caller.send(std::string(1000, 'x'));
  EXPECT_EQ(caller.answer().status, 431);
}

TEST_F(HttpBounds, A_body_beyond_the_bound_is_413_whichever_way_it_comes) {
  serve(patient());
  const std::size_t bound = Limits{}.body_bytes_max;
  EXPECT_EQ(RawHttp(port).ask(post("/echo/a", std::string(bound, 'x'))).status, 200);
  EXPECT_EQ(RawHttp(port).ask(post("/echo/a", std::string(bound + 1, 'x'))).status, 413);
  EXPECT_EQ(RawHttp(port)
                .ask("POST /echo/a HTTP/1.1\r\nHost: h\r\nContent-Length: "
                     "18446744073709551615\r\n\r\n")
                .status,
            413);
  EXPECT_EQ(RawHttp(port).ask(std::string(chunked) + "7fffffffffffffff\r\n").status, 413);
  RawHttp pieces(port);
  pieces.send(chunked);
  while (pieces.silent()) pieces.send("100\r\n" + std::string(256, 'x') + "\r\n");
  EXPECT_EQ(pieces.answer().status, 413);
}

TEST_F(HttpBounds, What_stands_beside_a_chunk_is_bounded_too) {
  serve(patient());
  EXPECT_EQ(
      RawHttp(port).ask(chunked + ("1;" + std::string(100'000, 'x')) + "\r\na\r\n").status / 100,
      4);
  std::string trailers = "0\r\n";
  for (int i = 0; i < 10'000; ++i) trailers += "X: x\r\n";
  EXPECT_EQ(RawHttp(port).ask(chunked + trailers + "\r\n").status / 100, 4);
}

TEST_F(HttpBounds, A_connection_takes_so_many_requests_and_says_which_one_is_the_last) {
  Limits limits = patient();
  limits.requests_max = 3;
  serve(limits);
  RawHttp caller(port);
  caller.send(get("/livez") + get("/livez") + get("/livez") + get("/livez"));
  for (int i = 0; i < 2; ++i) EXPECT_EQ(caller.answer().status, 200);
  EXPECT_THAT(caller.answer().head, HasSubstr("Connection: close\r\n"));
  caller.half_close();
  EXPECT_EQ(caller.answer().status, 0) << "a fourth is not answered";
}

}  // namespace
}  // namespace thalweg::http
