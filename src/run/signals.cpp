#include "run/signals.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace thalweg {
namespace {

using Steady = std::chrono::steady_clock;

// timeout(1), a terminal's process group, a supervisor that forwards: one request to stop often arrives twice.
constexpr std::chrono::milliseconds same_request{500};

sigset_t stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

}  // namespace

SignalWatch::SignalWatch(std::function<void(int)> on_stop)
    : on_stop_(std::move(on_stop)), end_(::eventfd(0, EFD_CLOEXEC)) {
  const sigset_t set = stop_signals();
  ::pthread_sigmask(SIG_BLOCK, &set, &previous_);
  // A reader that went away is an error code of the write, not the end of the process.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // and so is a file that may grow no further
  thread_ = std::thread([this] { watch(); });
}

SignalWatch::~SignalWatch() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(end_, &one, sizeof one);
  thread_.join();
  ::close(end_);
  ::pthread_sigmask(SIG_SETMASK, &previous_, nullptr);
}

void SignalWatch::watch() {
  const sigset_t set = stop_signals();
  const int signals = ::signalfd(-1, &set, SFD_CLOEXEC);
  std::optional<Steady::time_point> first;
  while (true) {
    pollfd fds[2] = {{signals, POLLIN, 0}, {end_, POLLIN, 0}};
    if (::poll(fds, 2, -1) < 0) continue;
    if (fds[1].revents != 0) break;
    signalfd_siginfo info{};
    if (::read(signals, &info, sizeof info) != static_cast<ssize_t>(sizeof info)) continue;
    const int signal = static_cast<int>(info.ssi_signo);
    if (!first) {
      first = Steady::now();
      on_stop_(signal);
    } else if (Steady::now() - *first >= same_request) {
      ::_exit(128 + signal);
    }
  }
  ::close(signals);
}

}  // namespace thalweg
