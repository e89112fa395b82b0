// SIGTERM and SIGINT as a call. While a SignalWatch lives, the first of them calls `on_stop` on a thread of the
// watch; one that comes half a second later or more ends the process at once, with the code a shell gives (128 + signal). What comes
// sooner is the same request: timeout(1), for one, sends each of its signals twice.
//
// REQUIRES to be made before other threads start, since they inherit the blocked signals. One at a time.
#pragma once

#include <csignal>
#include <functional>
#include <thread>

namespace thalweg {

class SignalWatch {
 public:
  explicit SignalWatch(std::function<void(int signal)> on_stop);
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

 private:
  void watch();
  std::function<void(int)> on_stop_;
  sigset_t previous_{};
  int end_ = -1;  // eventfd: the watch is over
  std::thread thread_;
};

}  // namespace thalweg
