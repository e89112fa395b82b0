// The proxy passes everything on, and does to it what the link says.
#include "chaos/proxy.h"

#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "chaos/loopback.h"

namespace thalweg::chaos {
namespace {

using namespace std::chrono_literals;

// What one gets to read within a time: bytes, nothing, or the end.
std::string read_some(int fd, Millis within) {
  pollfd watched{fd, POLLIN, 0};
  if (::poll(&watched, 1, static_cast<int>(within.count())) == 0) return "(nothing)";
  char text[256];
  const ssize_t got = ::recv(fd, text, sizeof text, 0);
  return got > 0 ? std::string(text, static_cast<std::size_t>(got)) : "(end)";
}

class ProxyTest : public testing::Test {
 protected:
  void SetUp() override {
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    ASSERT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    ASSERT_EQ(::listen(listener_, 8), 0);
    ASSERT_EQ(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    proxy_.lead_to(ntohs(address.sin_port));
  }
  void TearDown() override {
    for (const int fd : {listener_, client_, server_}) ::close(fd);
  }
  void connect() {
    const sockaddr_in address = loopback(proxy_.port());
    client_ = ::socket(AF_INET, SOCK_STREAM, 0);
    ASSERT_EQ(::connect(client_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  void accept() { server_ = ::accept(listener_, nullptr, nullptr); }
  static void write(int fd, const std::string& text) {
    ASSERT_EQ(::send(fd, text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }

  Proxy proxy_;
  int listener_ = ::socket(AF_INET, SOCK_STREAM, 0), client_ = -1, server_ = -1;
};

TEST_F(ProxyTest, What_one_side_writes_the_other_reads) {
  connect(), accept();
  write(client_, "question");
  EXPECT_EQ(read_some(server_, 5s), "question");
  write(server_, "answer");
  EXPECT_EQ(read_some(client_, 5s), "answer");
}

TEST_F(ProxyTest, An_end_is_passed_on_behind_the_last_bytes) {
  connect(), accept();
  write(server_, "last words");
  ::close(server_);
  server_ = -1;
  EXPECT_EQ(read_some(client_, 5s), "last words");
  EXPECT_EQ(read_some(client_, 5s), "(end)");
}

TEST_F(ProxyTest, A_cut_link_ends_what_is_open_and_takes_nothing_new) {
  connect(), accept();
  write(client_, "x");
  ASSERT_EQ(read_some(server_, 5s), "x");
  proxy_.set({.state = Link::State::cut});
  EXPECT_EQ(read_some(client_, 5s), "(end)");
  ::close(client_);
  connect();
  EXPECT_EQ(read_some(client_, 5s), "(end)");
}

TEST_F(ProxyTest, A_silent_link_keeps_connections_and_passes_nothing_until_it_is_open_again) {
  connect(), accept();
  write(client_, "before");
  ASSERT_EQ(read_some(server_, 5s), "before");
  proxy_.set({.state = Link::State::silent});
  EXPECT_EQ(read_some(server_, 100ms), "(nothing)");  // by now the proxy has seen it
  write(client_, "meanwhile");
  EXPECT_EQ(read_some(server_, 200ms), "(nothing)");
  proxy_.set({});
  EXPECT_EQ(read_some(server_, 5s), "meanwhile");
}

TEST_F(ProxyTest, A_delayed_link_brings_everything_late) {
  proxy_.set({.delay = 300ms});
  connect(), accept();
  const TimePoint began = now();
  write(client_, "late");
  EXPECT_EQ(read_some(server_, 5s), "late");
  EXPECT_GE(now() - began, 290ms);
}

TEST_F(ProxyTest, A_throttled_link_brings_so_many_bytes_a_second) {
  proxy_.set({.bytes_per_second = 10'000});
  connect(), accept();
  const TimePoint began = now();
  write(client_, std::string(5'000, 'x'));
  for (std::size_t got = 0; got < 5'000;) {
    const std::string some = read_some(server_, 5s);
    ASSERT_EQ(some.front(), 'x');
    got += some.size();
  }
  EXPECT_GE(now() - began, 300ms);
}

TEST_F(ProxyTest, Bytes_that_passed_and_connections_that_were_reset_on_purpose_are_counted) {
  connect(), accept();
  write(client_, "four");
  ASSERT_EQ(read_some(server_, 5s), "four");
  EXPECT_TRUE(eventually([&] { return proxy_.bytes_passed() == 4; }, 5s));
  EXPECT_EQ(proxy_.resets(), 0U);
  proxy_.reset_all();
  ASSERT_EQ(read_some(client_, 5s), "(end)");
  EXPECT_EQ(proxy_.resets(), 1U);
}

}  // namespace
}  // namespace thalweg::chaos
