// A TCP proxy on loopback between the pipelines and the broker: it can cut, fall silent, delay and throttle.
//
// The broker's own listener advertises the proxy's port (script/kafka start --through), so every connection of a client leads
// through here. One thread serves all connections; the public methods may be called from any.
#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <mutex>
#include <thread>
#include <vector>

#include "chaos/clock.h"

namespace thalweg::chaos {

struct Link {
  enum class State : std::uint8_t {
    open,
    cut,     // connections are reset, new ones too: the host answers, nobody listens
    silent,  // connections stay, not one byte passes: a network that swallows everything
  };
  State state = State::open;
  Millis delay{0};                    // each way
  std::int64_t bytes_per_second = 0;  // each way and connection; 0: no bound
};

class Proxy {
 public:
  Proxy();  // listens on a free port
  ~Proxy();
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;

  [[nodiscard]] int port() const noexcept { return port_; }
  void lead_to(int port) noexcept { target_.store(port); }
  void set(const Link& link);
  // Resets the connections there are; new ones pass.
  void reset_all() noexcept { reset_.store(true); }
  // Since the beginning: connections that were reset on purpose, bytes that were written on.
  [[nodiscard]] std::uint64_t resets() const noexcept { return resets_.load(); }
  [[nodiscard]] std::uint64_t bytes_passed() const noexcept { return bytes_passed_.load(); }

 private:
  // One direction of a connection: what was read and is not written yet.
  struct Flow {
    struct Chunk {
      TimePoint due;
      std::vector<char> bytes;
      std::size_t written = 0;
    };
    std::list<Chunk> chunks;
    std::size_t held = 0;
    double allowance = 0;  // bytes that may pass now, when throttled
    TimePoint counted;
    bool ended = false;  // its reader saw the end
  };
  struct Connection {
    int client = -1;
    int broker = -1;
    Flow up, down;
    bool broken = false;
  };

  void serve();
  void accept_one(const Link& link);
  void turn(Connection& connection, const Link& link);
  static void read_into(Flow& flow, int from, const Link& link, bool& broken);
  void write_from(Flow& flow, int to, const Link& link, bool& broken);
  static void close(Connection& connection, bool reset);

  int listener_ = -1;
  int port_ = 0;
  std::atomic<int> target_{0};
  std::atomic<bool> stop_{false};
  std::atomic<bool> reset_{false};
  std::atomic<std::uint64_t> resets_{0}, bytes_passed_{0};
  std::mutex mutex_;
  Link link_;  // guarded by mutex_
  std::list<Connection> connections_;
  std::thread thread_;
};

}  // namespace thalweg::chaos
