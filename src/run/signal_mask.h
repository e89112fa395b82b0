// Keeps SIGTERM and SIGINT away from threads that are started while it lives.
//
// A runtime's own threads inherit the mask of the thread that loads a model. If one of them could be given SIGTERM, it would end
// the process at once, whatever a SignalWatch (signals.h) does elsewhere. A signal that comes meanwhile acts when this ends.
#pragma once

#include <csignal>

namespace thalweg {

class SignalMask {
 public:
  SignalMask() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    ::pthread_sigmask(SIG_BLOCK, &set, &previous_);
  }
  ~SignalMask() { ::pthread_sigmask(SIG_SETMASK, &previous_, nullptr); }
  SignalMask(const SignalMask&) = delete;
  SignalMask& operator=(const SignalMask&) = delete;

 private:
  sigset_t previous_{};
};

}  // namespace thalweg
