#include "chaos/fleet.h"

#include <csignal>

#include <fmt/format.h>

#include "chaos/asked.h"

namespace thalweg::chaos {
namespace {

// shutdown_timeout is 20 s; the end of the process comes soon after it.
constexpr std::chrono::seconds stop_within{40};

}  // namespace

void Fleet::start_at(std::size_t place, const StartWith& with) {
  if (place >= places_.size()) places_.resize(place + 1);
  Place& p = places_[place];
  p.log = with.log.empty() ? fmt::format("{}/process-{:02}.log", folder_, ++started_) : with.log;
  std::vector<std::string> argv = argv_;
  const std::string state = with.state.empty() ? fmt::format("state-{}", place) : with.state;
  if (with_state_)
    argv.insert(argv.end(), {"--set", fmt::format("state_directory={}/{}", folder_, state)});
  p.process = std::make_unique<Process>(argv, p.log, with.file_bytes_max);
}

std::size_t Fleet::start(const StartWith& with) {
  start_at(places_.size(), with);
  return places_.size() - 1;
}

void Fleet::trouble(std::size_t place, const std::string& what) {
  troubles_.push_back(fmt::format("process {} {}; its log: {}", place, what, places_[place].log));
}

void Fleet::kill(std::size_t place) {
  look_after();
  at(place).signal(SIGKILL);
  (void)at(place).wait(std::chrono::seconds(10));
  places_[place].process.reset();
}

void Fleet::stop(std::size_t place) {
  look_after();
  at(place).signal(SIGTERM);
  expect_end(place, 0, stop_within);
}

void Fleet::stop_all() {
  look_after();
  for (Place& p : places_) {
    if (p.process) p.process->signal(SIGTERM);
  }
  for (std::size_t i = 0; i < places_.size(); ++i) {
    if (places_[i].process) expect_end(i, 0, stop_within);
  }
}

void Fleet::look_after() {
  for (std::size_t i = 0; i < places_.size(); ++i) {
    if (!places_[i].process) continue;
    if (const auto code = at(i).ended()) {
      if (allowed_ == code) {
        ++allowed_ends_;
        start_at(i);
        continue;
      }
      trouble(i, fmt::format("ended by itself with {}", *code));
      start_at(i);
    }
  }
}

int Fleet::held_by(std::size_t place) {
  return places_[place].process ? partitions_held(at(place).pid()) : 0;
}

std::int64_t Fleet::long_calls() {
  std::int64_t all = 0;
  for (Place& p : places_) {
    if (p.process) all += chaos::long_calls(p.process->pid());
  }
  return all;
}

std::size_t Fleet::times_lost() const {
  std::size_t times = 0;
  for (const Place& p : places_) {
    if (p.process) times += chaos::times_lost(p.log);
  }
  return times;
}

void Fleet::expect_end(std::size_t place, int code, Millis within) {
  const auto got = at(place).wait(within);
  if (!got) trouble(place, fmt::format("was to end with {} and did not", code));
  if (got && *got != code)
    trouble(place, fmt::format("was to end with {}; it ended with {}", code, *got));
  places_[place].process.reset();
}

}  // namespace thalweg::chaos
