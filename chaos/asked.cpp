#include "chaos/asked.h"

#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <httplib.h>

namespace thalweg::chaos {
namespace {

constexpr std::string_view held_by_a_worker = "thalweg_partitions{";
constexpr std::string_view model_bucket = "thalweg_model_seconds_bucket{";
constexpr std::string_view bucket_end = "le=\"";
constexpr double long_s =
    4.5;  // buckets end at powers of two of a nanosecond: this takes the one that ends at 4.3 s
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

// Of a line of a page: the number at its end.
std::int64_t value_of(std::string_view line) {
  std::int64_t n = 0;
  const std::string_view value = line.substr(line.rfind(' ') + 1);
  std::from_chars(value.data(), value.data() + value.size(), n);
  return n;
}

// Empty while it does not answer.
std::string metrics_of(pid_t pid) {
  const auto port = listening_port(pid);
  if (!port) return {};
  httplib::Client client("127.0.0.1", *port);
  client.set_connection_timeout(2);
  client.set_read_timeout(5);
  const auto answer = client.Get("/metrics");
  return answer && answer->status == 200 ? answer->body : std::string();
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
    if (line.starts_with(held_by_a_worker)) all += static_cast<int>(value_of(line));
  });
  return all;
}

// The buckets of a worker follow each other and count what those below them count; the last one counts all.
std::int64_t long_calls_in(std::string_view metrics) {
  std::int64_t all = 0, short_ones = 0;
  for_each_line(metrics, [&](std::string_view line) {
    if (!line.starts_with(model_bucket)) return;
    const std::size_t begin = line.find(bucket_end);
    if (begin == std::string_view::npos) return;
    const std::string end(line.substr(begin + bucket_end.size()));
    if (end.starts_with("+Inf")) {
      all += value_of(line) - std::exchange(short_ones, 0);
    } else if (std::strtod(end.c_str(), nullptr) < long_s) {
      short_ones = value_of(line);
    }
  });
  return all;
}

int partitions_held(pid_t pid) {
  return partitions_in(metrics_of(pid));
}

std::int64_t long_calls(pid_t pid) {
  return long_calls_in(metrics_of(pid));
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
