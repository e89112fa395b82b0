#include "process/infer/call_watch.h"

#include <array>
#include <cstdio>
#include <cstring>
#include <pthread.h>
#include <unistd.h>

namespace thalweg {
namespace {

std::int64_t time_of(clockid_t clock) noexcept {
  timespec time{};
  ::clock_gettime(clock, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

// By the letter behind the name in its stat line: R is running, or waiting for a core.
bool asleep(pid_t thread) noexcept {
  std::array<char, 64> path{};
  std::snprintf(path.data(), path.size(), "/proc/self/task/%d/stat", static_cast<int>(thread));
  std::FILE* file = std::fopen(path.data(), "re");
  if (file == nullptr) return false;
  std::array<char, 128> line{};
  const bool read = std::fgets(line.data(), static_cast<int>(line.size()), file) != nullptr;
  std::fclose(file);
  const char* end = read ? std::strrchr(line.data(), ')') : nullptr;
  return end != nullptr && end[1] == ' ' && end[2] != 'R';
}

}  // namespace

void CallWatch::enter() noexcept {
  clockid_t clock{};
  ::pthread_getcpuclockid(::pthread_self(), &clock);
  clock_.store(clock);
  thread_.store(::gettid());
}

void CallWatch::begin() noexcept {
  began_cpu_.store(time_of(clock_.load()));
  began_.store(time_of(CLOCK_MONOTONIC));
}

bool CallWatch::hangs(std::chrono::nanoseconds after) noexcept {
  const std::int64_t now = time_of(CLOCK_MONOTONIC), began = began_.load();
  if (call_ != began) asleep_since_ = -1;
  call_ = began;
  if (now - began < after.count() / 10)
    return false;  // nothing is asked of the system for what is quick
  const std::int64_t cpu = time_of(clock_.load());
  if (cpu - began_cpu_.load() >= after.count()) return true;
  if (!asleep(thread_.load())) {
    asleep_since_ = -1;
    return false;
  }
  if (asleep_since_ < 0 || asleep_cpu_ != cpu) {
    asleep_since_ = now;
    asleep_cpu_ = cpu;
  }
  return now - asleep_since_ >= after.count();
}

}  // namespace thalweg
