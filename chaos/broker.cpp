#include "chaos/broker.h"

#include <arpa/inet.h>
#include <fstream>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/must.h"
#include "chaos/process.h"

namespace thalweg::chaos {
namespace {

constexpr std::chrono::seconds patience{180};  // longer than script/kafka has for a start

// Below the range that the system gives to clients: while the broker is away its clients keep trying, and one of them must not get
// the broker's own port as its local one.
int quiet_port() {
  for (int port = 20000 + ::getpid() % 10000;; ++port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool free = ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    ::close(fd);
    if (free) return port;
  }
}

}  // namespace

Broker::Broker(std::string root, std::string name, std::string log, Proxy& proxy)
    : root_(std::move(root)),
      name_(std::move(name)),
      log_(std::move(log)),
      port_(quiet_port()),
      proxy_(proxy) {
  address_ = "127.0.0.1:" + std::to_string(port_);
}

std::string Broker::address_through_proxy() const {
  return "127.0.0.1:" + std::to_string(proxy_.port());
}

void Broker::script(const std::string& command, const std::string& option) {
  std::vector<std::string> argv{root_ + "/script/kafka", command, "--name", name_};
  if (command == "start") {
    argv.insert(argv.end(), {"--through", std::to_string(proxy_.port())});
    argv.insert(argv.end(), {"--port", std::to_string(port_)});
  }
  if (!option.empty()) argv.push_back(option);
  if (run(argv, log_, patience) != 0)
    bench::fail("script/kafka " + command + ": expected it to work; it did not; see " + log_);
}

int Broker::number_in(const std::string& file) const {
  int number = 0;
  std::ifstream(folder() + "/" + file) >> number;
  return number;
}

void Broker::start() {
  script("start");
  proxy_.lead_to(number_in("through_port"));
}

void Broker::stop() {
  script("stop");
  proxy_.lead_to(0);
}
void Broker::kill() {
  script("stop", "--now");
  proxy_.lead_to(0);
}
void Broker::wipe() {
  script("wipe");
}

bool Broker::running() const {
  const int pid = number_in("pid");
  return pid > 0 && ::kill(pid, 0) == 0;
}

void Broker::fill_disk() {
  // Java ignores SIGXFSZ and gets an error from write, as from a full disk.
  bound_files(number_in("pid"), 1);
}

}  // namespace thalweg::chaos
