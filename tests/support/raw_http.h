// A caller of an HTTP server who may be as rude as he likes: bytes on a socket, and what comes back.
#pragma once

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <netdb.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <utility>

namespace thalweg::test {

struct RawAnswer {
  int status = 0;  // 0: none came
  std::string head;
  std::string body;
};

class RawHttp {
 public:
  explicit RawHttp(std::uint16_t port, const char* host = "127.0.0.1") {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
    addrinfo* found = nullptr;
    if (::getaddrinfo(host, std::to_string(port).c_str(), &hints, &found) != 0) return;
    socket_ = ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval give_up{60, 0};  // no claim about time: a test that fails is to end
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &give_up, sizeof give_up);
    ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &give_up, sizeof give_up);
    const int little = 32 * 1024;  // what is not read soon holds the server up
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &little, sizeof little);
    connected_ = ::connect(socket_, found->ai_addr, found->ai_addrlen) == 0;
    ::freeaddrinfo(found);
  }
  ~RawHttp() {
    if (socket_ >= 0) ::close(socket_);
  }
  RawHttp(const RawHttp&) = delete;
  RawHttp& operator=(const RawHttp&) = delete;
  RawHttp(RawHttp&& other) noexcept
      : socket_(std::exchange(other.socket_, -1)),
        connected_(other.connected_),
        received_(std::move(other.received_)) {}

  [[nodiscard]] bool connected() const noexcept { return connected_; }
  // False: the other end takes no more.
  bool send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const auto n = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }
  void half_close() const { ::shutdown(socket_, SHUT_WR); }
  // The next answer. `head_only`: to HEAD, which has no body whatever it says.
  RawAnswer answer(bool head_only = false) {
    RawAnswer got;
    std::size_t end = 0;
    while ((end = received_.find("\r\n\r\n")) == std::string::npos)
      if (!receive()) return got;
    got.head = received_.substr(0, end + 2);
    received_.erase(0, end + 4);
    if (got.head.starts_with("HTTP/1.")) got.status = std::atoi(got.head.c_str() + 9);
    if (head_only || got.status / 100 == 1) return got;
    const std::string_view length = "Content-Length: ";
    const std::size_t at = got.head.find(length);
    const std::size_t size =
        at == std::string::npos
            ? 0
            : static_cast<std::size_t>(std::atoll(got.head.c_str() + at + length.size()));
    while (received_.size() < size)
      if (!receive()) break;
    got.body = received_.substr(0, size);
    received_.erase(0, size);
    return got;
  }
  RawAnswer ask(std::string_view request, bool head_only = false) {
    send(request);
    return answer(head_only);
  }
  // Waits until the other end has hung up; nothing may have come before.
  [[nodiscard]] bool hung_up() {
    char byte = 0;
    if (!received_.empty()) return false;
    const auto n = ::recv(socket_, &byte, 1, 0);
    return n == 0 || (n < 0 && errno != EAGAIN);
  }
  // What has come, without waiting.
  [[nodiscard]] bool silent() const {
    char byte = 0;
    return received_.empty() && ::recv(socket_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
           errno == EAGAIN;
  }

 private:
  bool receive() {
    char bytes[16384];
    const auto n = ::recv(socket_, bytes, sizeof bytes, 0);
    if (n <= 0) return false;
    received_.append(bytes, static_cast<std::size_t>(n));
    return true;
  }
  int socket_ = -1;
  bool connected_ = false;
  std::string received_;
};

inline std::string get(std::string_view path, std::string_view headers = "") {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n" + std::string(headers) +
         "\r\n";
}

inline std::string post(std::string_view path, std::string_view body,
                        std::string_view headers = "") {
  return "POST " + std::string(path) +
         " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         std::string(headers) + "\r\n" + std::string(body);
}

}  // namespace thalweg::test
