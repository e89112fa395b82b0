#include "chaos/asked.h"

#include <charconv>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <system_error>

#include <fmt/format.h>
#include <httplib.h>

namespace thalweg::chaos {
namespace {

constexpr std::string_view held_by_a_worker = "thalweg_partitions{";
constexpr std::string_view listening = "0A";  // a state in /proc/net/tcp

// The inodes of its sockets, as /proc/net/tcp names them.
std::set<std::string> sockets_of(pid_t pid) {
  constexpr std::string_view prefix = "socket:[";
  std::set<std::string> inodes;
  std::error_code gone;  // it may end meanwhile
  std::filesystem::directory_iterator entry(fmt::format("/proc/{}/fd", pid), gone), end;
  for (; !gone && entry != end; entry.increment(gone)) {
    std::error_code closed;
    const std::string link = std::filesystem::read_symlink(entry->path(), closed).string();
    if (link.starts_with(prefix))
      inodes.insert(link.substr(prefix.size(), link.size() - prefix.size() - 1));
  }
  return inodes;
}

template <class Each>
void for_each_line(std::string_view text, const Each& each) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    each(text.substr(0, end));
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

std::optional<int> listening_port(pid_t pid) {
  const auto sockets = sockets_of(pid);
  std::ifstream table("/proc/net/tcp");
  for (std::string line; std::getline(table, line);) {
    std::istringstream fields(line);
    std::string slot, local, remote, state, queues, timer, resent, user, probes, inode;
    fields >> slot >> local >> remote >> state >> queues >> timer >> resent >> user >> probes >>
        inode;
    const std::size_t colon = local.find(':');
    if (state != listening || colon == std::string::npos || !sockets.contains(inode)) continue;
    int port = 0;
    std::from_chars(local.data() + colon + 1, local.data() + local.size(), port, 16);
    return port;
  }
  return std::nullopt;
}

int partitions_in(std::string_view metrics) {
  int all = 0;
  for_each_line(metrics, [&](std::string_view line) {
    if (!line.starts_with(held_by_a_worker)) return;
    int n = 0;
    const std::string_view value = line.substr(line.rfind(' ') + 1);
    std::from_chars(value.data(), value.data() + value.size(), n);
    all += n;
  });
  return all;
}

int partitions_held(pid_t pid) {
  const auto port = listening_port(pid);
  if (!port) return 0;
  httplib::Client client("127.0.0.1", *port);
  client.set_connection_timeout(2);
  client.set_read_timeout(5);
  const auto answer = client.Get("/metrics");
  return answer && answer->status == 200 ? partitions_in(answer->body) : 0;
}

std::size_t times_lost(const std::string& log) {
  std::size_t times = 0;
  std::ifstream file(log);
  for (std::string line; std::getline(file, line);) {
    const bool lost = line.find(R"("event":"worker.lost")") != std::string::npos;
    if (lost && line.find(R"("partitions":"no partition")") == std::string::npos) ++times;
  }
  return times;
}

}  // namespace thalweg::chaos
